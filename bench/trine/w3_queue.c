// SPDX-License-Identifier: MIT
/* W3, Trine: a producer and a consumer with a queue between them. Two tasks of one loop, two
 * threads, a thread and a task; with capacity 0 (each put meets a get), 10 and 1000. */
#include "../common/pair.h"
#include "app.h"

struct flow {
    struct trine_queue *queue;
    long count;
};

static int produce(void *arg)
{
    const struct flow *flow = arg;
    for (long i = 0; i < flow->count; i++)
        bench_must(trine_queue_put(flow->queue, &i), "trine_queue_put");
    return 0;
}

static int consume(void *arg)
{
    const struct flow *flow = arg;
    for (long i = 0, item; i < flow->count; i++) {
        bench_must(trine_queue_get(flow->queue, &item), "trine_queue_get");
        if (item != i) {
            fprintf(stderr, "item %ld came as number %ld\n", item, i);
            exit(1);
        }
    }
    return 0;
}

static void between_tasks(struct flow *flow)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, produce, flow);
    trine_spawn(&group, consume, flow);
    bench_must(trine_group_close(&group), "trine_group_close");
}

static void *produce_in_a_thread(void *flow)
{
    produce(flow);
    return NULL;
}

static void *consume_in_a_thread(void *flow)
{
    consume(flow);
    return NULL;
}

/* Between a thread of its own and whoever calls: another thread, or a task. */
static void with_a_thread(struct flow *flow, void *(*there)(void *flow), int (*here)(void *flow))
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, there, flow) != 0)
        bench_die("pthread_create");
    here(flow);
    pthread_join(thread, NULL);
}

static void from_a_thread(struct flow *flow)
{
    with_a_thread(flow, produce_in_a_thread, consume);
}

static void to_a_thread(struct flow *flow)
{
    with_a_thread(flow, consume_in_a_thread, produce);
}

static void measure(const char *name, size_t capacity, long count, void (*run)(struct flow *flow))
{
    struct flow flow = { trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(long),
                                                                        .capacity = capacity }),
                         count };
    char key[64];
    bench_must(flow.queue != NULL ? 0 : -ENOMEM, "trine_queue_new");
    uint64_t wall = bench_wall(), cpu = bench_cpu();
    run(&flow);
    cpu = bench_cpu() - cpu;
    wall = bench_wall() - wall;
    snprintf(key, sizeof key, "%s_%zu", name, capacity);
    if (run == between_tasks)
        bench_report(key, (double)cpu / (double)count, "ns");
    else
        bench_report_pair(key, wall, cpu, count);
    trine_queue_free(flow.queue);
}

static void measure_all(const char *name, long count, void (*run)(struct flow *flow))
{
    measure(name, 0, count / 50, run); /* threads may need microseconds */
    measure(name, 10, count, run);
    measure(name, 1000, count, run);
}

static int with_tasks(void *arg)
{
    const struct bench_args *args = arg;
    long count = bench_count(args->argc, args->argv, 5000000);
    measure_all("queue_tasks", 2 * count, between_tasks);
    measure_all("queue_in", count, from_a_thread);
    measure_all("queue_out", count, to_a_thread);
    return 0;
}

int main(int argc, char **argv)
{
    bench_run(with_tasks, argc, argv);
    measure_all("queue_threads", bench_count(argc, argv, 5000000), from_a_thread);
    return 0;
}
