/* SPDX-License-Identifier: MIT */
/* Two threads, then two tasks, take two locks in opposite order. The call that would close the
 * circle fails with -EDEADLK, the report names both sides with their locks, and the program goes
 * on: who is refused lets go and tries again.
 *
 *     report: deadlock: 2 wait for each other in a circle; thread 4712 is refused with -EDEADLK
 *     report:   thread 4712 waits at deadlock.c:42 for a mutex that was locked at ...
 *     ...
 *     threads: 2 of 2 done, 1 refused
 *
 * Who does not wait pays nothing for it. In Python such a program stands still. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <trine.h>

struct transfer {
    struct trine_mutex *from, *to;
};

static struct trine_mutex checking = TRINE_MUTEX_INIT, savings = TRINE_MUTEX_INIT;
static struct transfer saving = { &checking, &savings }, spending = { &savings, &checking };
static struct trine_barrier both_hold_one = TRINE_BARRIER_INIT(2);
static atomic_int refused, done;

/* The report without the directories in it. */
static void print_report(const char *message, void *arg)
{
    char line[1024], *end = line, *word = line;
    for (; *message != '\0' && end < line + sizeof line - 1; message++) {
        *end++ = *message;
        if (*message == ' ')
            word = end;
        else if (*message == '/')
            end = word;
    }
    printf("report: %.*s\n", (int)(end - line), line);
}

static int transfer(void *arg)
{
    struct transfer *accounts = arg;
    trine_mutex_lock(accounts->from);
    trine_barrier_wait(&both_hold_one);
    while (trine_mutex_lock(accounts->to) == -EDEADLK) {
        refused++;
        trine_mutex_unlock(accounts->from);
        trine_mutex_lock(accounts->from);
    }
    done++;
    trine_mutex_unlock(accounts->to);
    trine_mutex_unlock(accounts->from);
    return 0;
}

static void *transfer_in_a_thread(void *arg)
{
    transfer(arg);
    return NULL;
}

static int app(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, transfer, &saving);
    trine_spawn(&group, transfer, &spending);
    return trine_group_close(&group);
}

int main(void)
{
    trine_set_report(print_report, NULL);
    pthread_t thread;
    if (pthread_create(&thread, NULL, transfer_in_a_thread, &saving) != 0)
        return 1;
    transfer(&spending);
    pthread_join(thread, NULL);
    printf("threads: %d of 2 done, %d refused\n", done, refused);
    int error = trine_run(app, NULL, NULL);
    printf("tasks: %d of 2 done, %d refused\n", done - 2, refused - 1);
    return error < 0;
}
