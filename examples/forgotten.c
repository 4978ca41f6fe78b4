/* SPDX-License-Identifier: MIT */
/* What was forgotten is told, once, with the place where it was started: an error that nobody read,
 * a detached task that failed, a group that a task returned from without closing it.
 *
 *     report: error nobody read: No such file or directory: the shelf is empty, of the job ...
 *     report: error nobody read: Input/output error: the books are gone, of the task 'audit' ...
 *     report: task 'careless' ...
 *     the careless task's child ran to its end: yes
 *
 * In Python a forgotten coroutine never runs, and is warned about when the collector finds it. Here
 * a task that was spawned runs, and the scheduler keeps it. */
#include <stdio.h>
#include <string.h>
#include <trine.h>

/* Without the place, which is where this file happens to lie. */
static void print_report(const char *message, void *arg)
{
    const char *place = strstr(message, "started at");
    if (place == NULL)
        place = strstr(message, "(spawned at");
    printf("report: %.*s...\n", place != NULL ? (int)(place - message) : 60, message);
}

static int fetch(void *arg)
{
    return trine_fail(-ENOENT, "the shelf is empty");
}

static int audit(void *arg)
{
    return trine_fail(-EIO, "the books are gone");
}

static int child(void *ended)
{
    int error = trine_sleep(TRINE_SECONDS(60)); /* cancelled, as its group is abandoned */
    *(bool *)ended = true;
    return error;
}

static int careless(void *ended)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, child, ended);
    return trine_yield(); /* without closing the group: it is cancelled and joined */
}

static int app(void *arg)
{
    static bool ended;
    struct trine_future *future = trine_submit(TRINE_TASKS, fetch, NULL, 0);
    int error = trine_sleep(TRINE_MILLISECONDS(1));
    trine_future_unref(future); /* nobody asked what became of it */

    if (error == 0)
        error = trine_spawn_detached(audit, NULL, NULL);
    if (error == 0)
        error = trine_sleep(TRINE_MILLISECONDS(1));

    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, careless, &ended);
    int closed = trine_group_close(&group);
    printf("the careless task's child ran to its end: %s\n", ended ? "yes" : "no");
    return error < 0 ? error : closed == -ECANCELED ? 0 : closed;
}

int main(void)
{
    trine_set_report(print_report, NULL);
    return trine_run(app, NULL, NULL) < 0;
}
