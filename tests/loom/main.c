/* SPDX-License-Identifier: MIT */
/* Explores every scenario. */
#include "scenarios.h"
#include <string.h>

int main(int argc, char **argv)
{
    struct loom_scenario all[64];
    size_t count = 0;
    memcpy(all, loom_core, loom_core_count * sizeof all[0]);
    count += loom_core_count;
    memcpy(all + count, loom_sync, loom_sync_count * sizeof all[0]);
    count += loom_sync_count;
    memcpy(all + count, loom_mutex, loom_mutex_count * sizeof all[0]);
    count += loom_mutex_count;
    memcpy(all + count, loom_queue, loom_queue_count * sizeof all[0]);
    count += loom_queue_count;
    return loom_main(all, count, argc, argv);
}
