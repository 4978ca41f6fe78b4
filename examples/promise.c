/* SPDX-License-Identifier: MIT */
/* A promise is a future set by hand: once, by any task or any thread.
 *
 *     a task said "from a task" after 2.00 s
 *     a thread said "from a thread" after 2.00 s
 *     saying it twice: Operation already in progress
 *
 * Usage: promise [MILLISECONDS that a second lasts] */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

struct speaker {
    struct trine_future *promise;
    int64_t delay;
    char words[16];
};

/* The same function is a task below, and the body of a plain thread: trine_sleep() parks or blocks.
 */
static int speak(void *arg)
{
    struct speaker *speaker = arg;
    int outcome = trine_sleep(speaker->delay);
    return trine_promise_resolve(speaker->promise, outcome, speaker->words);
}

static void *speak_in_thread(void *arg)
{
    speak(arg);
    return NULL;
}

static int listen_to(struct trine_future *promise, const char *who, int64_t start)
{
    int outcome;
    int error = trine_await(promise, &outcome); /* did the waiting work? */
    if (error < 0 || outcome < 0)               /* and what came of it? */
        return error < 0 ? error : outcome;
    printf("a %s said \"%s\" after %.2f s\n", who, (char *)trine_future_value(promise),
           (double)(trine_now() - start) / TRINE_SECONDS(1));
    return 0;
}

static int app(void *arg)
{
    int64_t second = *(int64_t *)arg, start = trine_now();
    struct speaker task = { trine_promise_new(sizeof task.words), 2 * second, "from a task" };
    struct speaker thread = { trine_promise_new(sizeof thread.words), 2 * second, "from a thread" };
    if (task.promise == NULL || thread.promise == NULL)
        return -ENOMEM;

    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, speak, &task);
    pthread_t id;
    int error = -pthread_create(&id, NULL, speak_in_thread, &thread);
    if (error == 0) {
        error = listen_to(task.promise, "task", start);
        if (error == 0)
            error = listen_to(thread.promise, "thread", start);
        pthread_join(id, NULL);
        int again = trine_promise_resolve(thread.promise, 0, "twice");
        printf("saying it twice: %s\n", trine_strerror(again));
    }
    int closed = trine_group_close(&group);
    trine_future_unref(task.promise);
    trine_future_unref(thread.promise);
    return error < 0 ? error : closed;
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    return trine_run(app, &second, NULL) < 0;
}
