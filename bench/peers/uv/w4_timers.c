// SPDX-License-Identifier: MIT
/* W4, libuv: a million timers of 0 to 1 s (its unit is the millisecond), a callback each and no
 * stack. */
#include "../../common/sleepers.h"
#include <uv.h>

struct sleeper {
    uv_timer_t timer;
    uint64_t deadline;
};

static struct bench_round current;

static void wake(uv_timer_t *timer)
{
    struct sleeper *sleeper = timer->data;
    bench_round_woken(&current, bench_wall(), sleeper->deadline);
    uv_close((uv_handle_t *)timer, NULL);
}

static void measure(const char *name, struct sleeper *sleepers, long count)
{
    bench_round_begin(&current);
    for (long i = 0; i < count; i++) {
        uint64_t ns = bench_sleep_ns((uint64_t)i);
        uv_timer_init(uv_default_loop(), &sleepers[i].timer);
        sleepers[i].timer.data = &sleepers[i];
        sleepers[i].deadline = bench_wall() + ns;
        uv_update_time(uv_default_loop()); /* or it would count from the last turn */
        uv_timer_start(&sleepers[i].timer, wake, (ns + 999999) / 1000000, 0);
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    bench_round_report(&current, name);
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 1000000);
    struct sleeper *sleepers = malloc((size_t)count * sizeof *sleepers);
    measure("fresh", sleepers, count);
    measure("warm", sleepers, count);
    bench_report("timers_peak", bench_peak_mib(), "MiB");
    return 0;
}
