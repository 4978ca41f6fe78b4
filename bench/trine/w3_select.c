// SPDX-License-Identifier: MIT
/* W3, Trine: select over 2 and over 100 queues. All can be got from (an item is put back each
 * time), only one, none (a select that does not wait), and one that waits until another task puts
 * into one of them; in a process with a single thread, where locks cost nothing, or with second
 * argument "threads" in one with two. */
#include "app.h"
#include <pthread.h>

#define MANY 100

struct stall {
    struct trine_queue *queues[MANY];
    size_t count;
    long rounds;
};

static void open_stall(struct stall *stall, size_t count, size_t capacity)
{
    stall->count = count;
    for (size_t i = 0; i < count; i++) {
        stall->queues[i] = trine_queue_new(
            &(struct trine_queue_options){ .item_size = sizeof(long), .capacity = capacity });
        if (stall->queues[i] == NULL)
            bench_must(-ENOMEM, "trine_queue_new");
    }
}

static void close_stall(struct stall *stall)
{
    for (size_t i = 0; i < stall->count; i++)
        trine_queue_free(stall->queues[i]);
}

static int get_any(struct stall *stall, long *item, unsigned flags)
{
    struct trine_case cases[MANY];
    for (size_t i = 0; i < stall->count; i++)
        cases[i] = (struct trine_case)TRINE_CASE_GET(stall->queues[i], item);
    return trine_select(cases, stall->count, flags);
}

/* With items in the first `ready` queues. */
static void turn_over(struct stall *stall, size_t ready)
{
    long item = 0;
    for (size_t i = 0; i < ready; i++)
        bench_must(trine_queue_put(stall->queues[i], &item), "trine_queue_put");
    for (long i = 0; i < stall->rounds; i++) {
        int from = get_any(stall, &item, 0);
        bench_must(from, "trine_select");
        bench_must(trine_queue_put(stall->queues[from], &item), "trine_queue_put");
    }
}

static void all_ready(struct stall *stall)
{
    turn_over(stall, stall->count);
}

static void one_ready(struct stall *stall)
{
    turn_over(stall, 1);
}

static void none_ready(struct stall *stall)
{
    long item;
    for (long i = 0; i < stall->rounds; i++) {
        if (get_any(stall, &item, TRINE_TRY) != -EAGAIN)
            bench_die("an item from nowhere");
    }
}

static int put_all(void *arg)
{
    struct stall *stall = arg;
    for (long i = 0; i < stall->rounds; i++)
        bench_must(trine_queue_put(stall->queues[(size_t)i % stall->count], &i), "trine_queue_put");
    return 0;
}

static void hand_over(struct stall *stall)
{
    struct trine_group group;
    long item;
    trine_group_open(&group, NULL);
    trine_spawn(&group, put_all, stall);
    for (long i = 0; i < stall->rounds; i++) {
        bench_must(get_any(stall, &item, 0), "trine_select");
        if (item != i)
            bench_die("an item in the wrong order");
    }
    bench_must(trine_group_close(&group), "trine_group_close");
}

static void measure(const char *name, size_t count, long rounds, void (*run)(struct stall *stall))
{
    struct stall stall = { .rounds = rounds };
    char key[64];
    open_stall(&stall, count, run == hand_over ? 0 : 1);
    uint64_t start = bench_cpu();
    run(&stall);
    snprintf(key, sizeof key, "select_%s_%zu", name, count);
    bench_report(key, (double)(bench_cpu() - start) / (double)rounds, "ns");
    close_stall(&stall);
}

static void measure_all(long rounds)
{
    for (size_t count = 2; count <= MANY; count += MANY - 2) {
        long many = count == 2 ? rounds : rounds / 20;
        measure("all", count, many, all_ready);
        measure("one", count, many, one_ready);
        measure("none", count, many, none_ready);
        measure("wait", count, many, hand_over);
    }
}

static void *stand_by(void *over)
{
    bench_must(trine_event_wait(over), "trine_event_wait");
    return NULL;
}

static int app(void *arg)
{
    const struct bench_args *args = arg;
    bool threads = args->argc > 2 && strcmp(args->argv[2], "threads") == 0;
    struct trine_event over = TRINE_EVENT_INIT;
    pthread_t thread;
    if (threads && pthread_create(&thread, NULL, stand_by, &over) != 0)
        bench_die("pthread_create");
    measure_all(bench_count(args->argc, args->argv, 2000000));
    trine_event_set(&over);
    if (threads)
        pthread_join(thread, NULL);
    return 0;
}

int main(int argc, char **argv)
{
    return bench_run(app, argc, argv);
}
