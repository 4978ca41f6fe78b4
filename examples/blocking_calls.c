/* SPDX-License-Identifier: MIT */
/* Code that blocks, kept off the loop: it runs in a thread while the other tasks go on.
 *
 *     100 random bytes read in another thread
 *     the sum of the squares below 10,000,000 is 333333283333335000000
 *     meanwhile a task counted: more than 3 ticks
 *
 * Usage: blocking_calls */
#include <fcntl.h>
#include <stdio.h>
#include <trine.h>
#include <unistd.h>

/* Plain blocking calls, as any library makes them. */
static int read_random(void *arg)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, arg, 100) : -1;
    if (fd >= 0)
        close(fd);
    return got < 0 ? trine_fail(-EIO, "cannot read random bytes") : (int)got;
}

struct sum {
    unsigned limit;
    unsigned __int128 total;
    bool *over;
};

static int add_squares(void *arg)
{
    struct sum *sum = arg;
    for (unsigned i = 0; i < sum->limit; i++)
        sum->total += (unsigned __int128)i * i;
    usleep(50000); /* it also waits for something */
    return 0;
}

static int add_elsewhere(void *arg)
{
    struct sum *sum = arg;
    int error = trine_to_thread(add_squares, sum);
    *sum->over = true;
    return error;
}

static int app(void *arg)
{
    char bytes[100];
    int got = trine_to_thread(read_random, bytes);
    if (got < 0)
        return got;
    printf("%d random bytes read in another thread\n", got);

    bool over = false;
    int ticks = 0;
    struct sum sum = { .limit = 10000000, .over = &over };
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, add_elsewhere, &sum);
    while (!over && trine_sleep(TRINE_MILLISECONDS(5)) == 0)
        ticks++;
    int error = trine_group_close(&group);
    printf("the sum of the squares below 10,000,000 is %llu%012llu\n",
           (unsigned long long)(sum.total / 1000000000000), /* printf knows 64 bits */
           (unsigned long long)(sum.total % 1000000000000));
    printf("meanwhile a task counted: %s\n", ticks > 3 ? "more than 3 ticks" : "too little");
    return error;
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}
