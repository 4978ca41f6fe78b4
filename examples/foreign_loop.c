/* SPDX-License-Identifier: MIT */
/* Tasks inside somebody else's event loop: GLib's, libuv's, a game's; here one of poll(2) that also
 * beats time of its own. A thread posts a call to the loop meanwhile.
 *
 *     task: step 1
 *     task: step 2
 *     posted from a thread: on the loop
 *     task: step 3
 *     host: the guest returned 3, and the host's own beats went on
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <trine.h>
#include <unistd.h>

static struct trine_loop *loop;
static struct trine_event posted = TRINE_EVENT_INIT;

static void on_the_loop(void *text)
{
    printf("posted from a thread: %s\n", trine_loop_here() == loop ? (char *)text : "elsewhere");
    trine_event_set(&posted);
}

static struct trine_posted call = TRINE_POSTED_INIT(on_the_loop, "on the loop");

static void *post_it(void *arg)
{
    trine_post(loop, &call);
    return NULL;
}

static int work(void *arg)
{
    pthread_t thread;
    loop = trine_loop_here();
    for (int step = 1; step <= 2; step++) {
        printf("task: step %d\n", step);
        int error = trine_sleep(TRINE_MILLISECONDS(50));
        if (error < 0)
            return error;
    }
    int error = -pthread_create(&thread, NULL, post_it, NULL);
    if (error < 0)
        return error;
    error = trine_event_wait(&posted);
    pthread_join(thread, NULL);
    printf("task: step 3\n");
    return error < 0 ? error : 3;
}

int main(void)
{
    struct trine_guest *guest;
    int beats = 0, more = 1;
    if (trine_guest_open(&guest, work, NULL, NULL) < 0)
        return 1;
    struct pollfd watched = { .fd = trine_guest_fd(guest), .events = POLLIN };
    do {
        if (poll(&watched, 1, 20) == 0)
            beats++; /* the host's own work */
        else
            more = trine_guest_turn(guest);
    } while (more != 0);
    int outcome = trine_guest_close(guest);
    printf("host: the guest returned %d, and the host's own beats %s\n", outcome,
           beats > 1 ? "went on" : "stood still");
    return outcome != 3;
}
