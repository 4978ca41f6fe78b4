/* SPDX-License-Identifier: MIT */
/* Cancellation is a state: once a group is cancelled, every blocking call in it fails until it
 * closes.
 *
 *     one child fails:
 *         a long nap: Operation canceled, again: Operation canceled
 *         last words, because: a sibling failed
 *       the group: No such file or directory after 1.00 s
 *     stopped by hand:
 *         a long nap: Operation canceled, again: Operation canceled
 *         last words, because: user pressed stop
 *       the group: Operation canceled after 1.00 s
 *
 * Usage: cancellation [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

static int64_t second;
static struct trine_group group;

static int nap_long(void *arg)
{
    int error = trine_sleep(9 * second);
    if (error != -ECANCELED)
        return error;
    const char *reason = trine_cancel_reason();
    printf("    a long nap: %s, again: %s\n", trine_strerror(error),
           trine_strerror(trine_sleep(second)));

    struct trine_scope last_words; /* cancels from outside do not reach in here, for 200 ms */
    trine_shield_open(&last_words, TRINE_MILLISECONDS(200));
    if (trine_sleep(TRINE_MILLISECONDS(1)) == 0)
        printf("    last words, because: %s\n", reason);
    trine_shield_close(&last_words);
    return error;
}

static int fail(void *arg)
{
    int error = trine_sleep(second);
    return error < 0 ? error : -ENOENT;
}

static int press_stop(void *arg)
{
    int error = trine_sleep(second);
    trine_group_cancel(&group, "user pressed stop"); /* from anywhere, any thread */
    return error;
}

static void show(const char *what, trine_fn end_it)
{
    int64_t start = trine_now();
    printf("%s:\n", what);
    trine_group_open(&group, NULL);
    trine_spawn(&group, nap_long, NULL);
    trine_spawn(&group, end_it, NULL);
    int error = trine_group_close(&group); /* waits for the last words too */
    printf("  the group: %s after %.2f s\n", trine_strerror(error),
           (double)(trine_now() - start) / TRINE_SECONDS(1));
}

static int app(void *arg)
{
    show("one child fails", fail);
    show("stopped by hand", press_stop);
    return 0;
}

int main(int argc, char **argv)
{
    second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    return trine_run(app, NULL, NULL) < 0;
}
