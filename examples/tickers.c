/* SPDX-License-Identifier: MIT */
/* Things that come with time: tickers with their three ways to be late, timers that call a
 * function, deadlines that move, and a task that nobody waits for. Seconds are virtual.
 *
 *     burst: 1.0 3.5 3.5 4.0 5.0
 *     delay: 1.0 3.5 4.5 5.5 6.5
 *     skip:  1.0 3.5 4.0 5.0 6.0
 *     a timer, put off once, fired after 4.0 s
 *     5 pieces in time, then Timed out
 *     the janitor swept 3 times
 */
#include <stdio.h>
#include <trine.h>

#define SECOND TRINE_SECONDS(1)

/* Busy for 2.5 seconds after the first tick: those at 2 and 3 are missed. */
static void tick(const char *name, enum trine_missed missed)
{
    struct trine_ticker ticker;
    int64_t start = trine_now();
    trine_ticker_init(&ticker, SECOND, missed);
    printf("%s", name);
    for (int i = 0; i < 5; i++) {
        (void)trine_ticker_next(&ticker);
        printf(" %.1f", (double)(trine_now() - start) / SECOND);
        if (i == 0)
            (void)trine_sleep(5 * SECOND / 2);
    }
    printf("\n");
}

static void ring(void *arg)
{
    *(int64_t *)arg = trine_now();
}

static int sweep(void *arg)
{
    struct trine_ticker ticker;
    trine_ticker_init(&ticker, SECOND, TRINE_MISSED_SKIP);
    while (trine_ticker_next(&ticker) >= 0)
        ++*(int *)arg;
    printf("the janitor swept %d times\n", *(int *)arg);
    return 0;
}

static int app(void *swept)
{
    tick("burst:", TRINE_MISSED_BURST);
    tick("delay:", TRINE_MISSED_DELAY);
    tick("skip: ", TRINE_MISSED_SKIP);

    struct trine_timer timer = { 0 };
    int64_t begin = trine_now(), fired = 0;
    (void)trine_timer_start(&timer, 3 * SECOND, ring, &fired);
    (void)trine_sleep(2 * SECOND);
    (void)trine_timer_reset(&timer, 2 * SECOND);
    (void)trine_sleep(9 * SECOND);
    printf("a timer, put off once, fired after %.1f s\n", (double)(fired - begin) / SECOND);

    struct trine_scope silence; /* each piece of work buys a second and a half */
    int pieces = 0;
    trine_scope_open(&silence, 3 * SECOND / 2);
    while (trine_sleep(pieces < 5 ? SECOND : 2 * SECOND) == 0) {
        pieces++;
        (void)trine_scope_set_limit(&silence, 3 * SECOND / 2);
    }
    printf("%d pieces in time, then %s\n", pieces, trine_strerror(trine_scope_close(&silence)));

    int error = trine_spawn_detached(sweep, swept, NULL); /* ends with the run */
    return error < 0 ? error : trine_sleep(7 * SECOND / 2);
}

int main(void)
{
    int swept = 0;
    return trine_run(app, &swept, &(struct trine_run_options){ .poller = "sim" }) < 0;
}
