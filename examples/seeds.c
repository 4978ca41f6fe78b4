/* SPDX-License-Identifier: MIT */
/* Testing a concurrent program: a day of virtual time in milliseconds, and many orders of running.
 * The reader below leans on the writer having run before it, as it happens to in a plain run.
 *
 *     a day of polling took less than a second
 *     plain order: all is well
 *     some seed: Illegal seek; the same seed again: Illegal seek
 *     with an event: well under 1,000 seeds
 */
#include <stdio.h>
#include <trine.h>

static int poll_for_a_day(void *arg)
{
    int error = 0;
    for (int minute = 0; minute < 24 * 60 && error == 0; minute++)
        error = trine_sleep(TRINE_SECONDS(60));
    return error;
}

struct settings {
    int port;
    bool announced; /* whether the reader waits for `ready` */
    struct trine_event ready;
};

static int write_settings(void *arg)
{
    struct settings *settings = arg;
    settings->port = 8000;
    trine_event_set(&settings->ready);
    return 0;
}

static int read_settings(void *arg)
{
    struct settings *settings = arg;
    int error = settings->announced ? trine_event_wait(&settings->ready) : 0;
    return error < 0 ? error : settings->port == 0 ? -ESPIPE : 0;
}

static int start_service(void *arg)
{
    struct settings settings = { .announced = *(bool *)arg, .ready = TRINE_EVENT_INIT };
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, write_settings, &settings);
    trine_spawn(&group, read_settings, &settings);
    return trine_group_close(&group);
}

static void keep_quiet(const char *message, void *arg)
{
}

int main(void)
{
    bool announced = false;
    uint64_t seed = 0;
    int64_t start = trine_now();
    int error = trine_test_run(poll_for_a_day, NULL, NULL);
    if (error == 0 && trine_now() - start < TRINE_SECONDS(1))
        printf("a day of polling took less than a second\n");

    error = trine_test_run(start_service, &announced, NULL);
    printf("plain order: %s\n", error == 0 ? "all is well" : trine_strerror(error));

    trine_set_report(keep_quiet, NULL); /* it would print the seed, and how to run it alone */
    error = trine_test_seeds(start_service, &announced, 1000, &seed);
    struct trine_test_options alone = { .seed = seed };
    int again = trine_test_run(start_service, &announced, &alone);
    printf("some seed: %s; the same seed again: %s\n", trine_strerror(error),
           trine_strerror(again));
    trine_set_report(NULL, NULL);

    announced = true;
    error = trine_test_seeds(start_service, &announced, 1000, NULL);
    printf("with an event: %s under 1,000 seeds\n", error == 0 ? "well" : trine_strerror(error));
    return error != 0;
}
