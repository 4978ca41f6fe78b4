/* SPDX-License-Identifier: MIT */
/* Several tasks as one: a staggered race, what is done by a time, gathering, shielding. The seconds
 * are virtual: they take no time.
 *
 *     0.55 s: the winner is IPv4
 *     no server answered: No route to host, Connection refused
 *     after 1.5 s: 1 of 3 is done, the others run on
 *     gathered: Input/output error, and the slow one was cancelled
 *     shielded: the letter is written, then Timed out
 */
#include <stdio.h>
#include <trine.h>

struct job {
    int64_t takes;
    int outcome;
};

static int work(void *arg)
{
    struct job *job = arg;
    int error = trine_sleep(job->takes);
    return error < 0 ? error : job->outcome;
}

/* "Happy eyeballs": the next address gets its chance when the one before is slow, or has failed. */
static void connect_to_the_fastest(void)
{
    struct job ipv6 = { TRINE_SECONDS(60), 0 }, ipv4 = { TRINE_MILLISECONDS(300), 0 };
    struct trine_candidate addresses[] = { { work, &ipv6, "IPv6" }, { work, &ipv4, "IPv4" } };
    int64_t start = trine_now();
    size_t winner = 0;
    if (trine_race_staggered(addresses, 2, TRINE_MILLISECONDS(250), &winner) == 0)
        printf("%.2f s: the winner is %s\n", (double)(trine_now() - start) / TRINE_SECONDS(1),
               addresses[winner].name);

    ipv6 = (struct job){ 0, -ECONNREFUSED };
    ipv4 = (struct job){ 0, -EHOSTUNREACH };
    if (trine_race_staggered(addresses, 2, TRINE_MILLISECONDS(250), &winner) < 0) {
        const struct trine_error *last = trine_error_last();
        printf("no server answered: %s, %s\n", trine_strerror(trine_error_code(last)),
               trine_strerror(trine_error_code(trine_error_child(last, 0))));
    }
}

static int app(void *arg)
{
    connect_to_the_fastest();
    struct trine_group group;
    struct job jobs[] = { { TRINE_SECONDS(1), 0 },
                          { TRINE_SECONDS(2), -EIO },
                          { TRINE_SECONDS(9), 0 } };
    struct trine_future *futures[3];
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (int i = 0; i < 3; i++)
        futures[i] = trine_spawn(&group, work, &jobs[i]);
    int64_t soon = trine_now() + TRINE_MILLISECONDS(1500);
    int count = trine_wait_until(futures, 3, TRINE_ALL_COMPLETED, soon, NULL);
    printf("after 1.5 s: %d of 3 is done, the others run on\n", count);

    int error = trine_gather(futures, 3, TRINE_GATHER); /* the first error cancels the others */
    printf("gathered: %s, and the slow one was %s\n", trine_strerror(error),
           trine_future_outcome(futures[2]) == -ECANCELED ? "cancelled" : "left alone");

    struct trine_scope limit, shield;
    trine_scope_open(&limit, TRINE_SECONDS(1));
    trine_shield_open(&shield, TRINE_FOREVER);
    if (trine_await(trine_spawn(&group, work, &jobs[2]), NULL) == 0)
        printf("shielded: the letter is written, ");
    trine_shield_close(&shield);
    printf("then %s\n", trine_strerror(trine_sleep(1)));
    trine_scope_close(&limit);
    return trine_group_close(&group) == -EIO ? 0 : -EINVAL; /* the error we know of */
}

int main(void)
{
    return trine_run(app, NULL, &(struct trine_run_options){ .poller = "sim" }) < 0;
}
