/* SPDX-License-Identifier: MIT */
/* Explores every scenario. */
#include "tests/loom/scenarios.h"
#include <string.h>

int main(int argc, char **argv)
{
    struct loom_scenario all[64];
    memcpy(all, loom_core, loom_core_count * sizeof all[0]);
    memcpy(all + loom_core_count, loom_sync, loom_sync_count * sizeof all[0]);
    return loom_main(all, loom_core_count + loom_sync_count, argc, argv);
}
