/* SPDX-License-Identifier: MIT */
/* Queues under tasks of several loops and threads at once, with cancels and deadlines that fall
 * into every moment. What must hold exactly: each item that was put is got once or reported
 * undelivered once, one whose put failed never turns up, and nobody sees a producer's items out of
 * order. */
#include "races.h"
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine/channel.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/queue.h>
#include <trine/run.h>
#include <trine/time.h>
#include <unistd.h>

#define TASKS     500 /* that put, and as many that get */
#define THREADS   2   /* likewise */
#define PRODUCERS (TASKS + THREADS)
#define ROUNDS    3
#define BY_TASK   20
#define BY_THREAD 1000

struct item {
    uint32_t producer, number;
};

static struct {
    struct trine_queue *queue;
    bool in_order;
    unsigned stop_after;
    _Atomic(int) producers; /* that are not through */
    uint8_t put[PRODUCERS][BY_THREAD];
    _Atomic(uint8_t) seen[PRODUCERS][BY_THREAD];
    _Atomic(unsigned) got, undelivered;
} run;

/* ---- the two sides */

typedef int (*call)(struct item *item);

static int put(struct item *item)
{
    return trine_queue_put(run.queue, item);
}

static int try_put(struct item *item)
{
    return trine_queue_try_put(run.queue, item);
}

static int get(struct item *item)
{
    return trine_queue_get(run.queue, item);
}

static int try_get(struct item *item)
{
    return trine_queue_try_get(run.queue, item);
}

static int somehow(call wait, call try, struct item *item, unsigned *seed)
{
    unsigned way = chance(seed, 8);
    if (way == 0)
        return try(item);
    return way < 3 ? TRINE_WITHIN(TRINE_MICROSECONDS(chance(seed, 30)), wait(item)) : wait(item);
}

static bool is_a_pity(int error)
{
    return error == -ETIMEDOUT || error == -EAGAIN || error == -ECANCELED || error == -EPIPE;
}

static void produce(uint32_t producer, uint32_t count)
{
    unsigned seed = producer * 2654435761u + 1;
    for (uint32_t number = 0; number < count; number++) {
        struct item item = { producer, number };
        int error = somehow(put, try_put, &item, &seed);
        must(error == 0 || is_a_pity(error));
        run.put[producer][number] = error == 0;
    }
    if (atomic_fetch_sub(&run.producers, 1) == 1)
        trine_queue_close(run.queue);
}

static void consume(unsigned seed)
{
    uint32_t *next = calloc(PRODUCERS, sizeof *next);
    struct item item;
    int error;
    must(next != NULL);
    do {
        error = somehow(get, try_get, &item, &seed);
        must(error == 0 || is_a_pity(error));
        if (error < 0)
            continue;
        must(item.producer < PRODUCERS && item.number < BY_THREAD);
        must(atomic_fetch_add(&run.seen[item.producer][item.number], 1) == 0);
        must(!run.in_order || item.number >= next[item.producer]);
        next[item.producer] = item.number + 1;
        if (atomic_fetch_add(&run.got, 1) + 1 == run.stop_after)
            trine_queue_shutdown(run.queue);
    } while (error != -EPIPE && error != -ECANCELED);
    free(next);
}

static void count_undelivered(void *item, void *arg)
{
    const struct item *left = item;
    must(atomic_fetch_add(&run.seen[left->producer][left->number], 1) == 0);
    atomic_fetch_add(&run.undelivered, 1);
}

static int by_task(void *arg)
{
    uint32_t i = (uint32_t)(uintptr_t)arg;
    if (i % 2 == 0)
        produce(i / 2, BY_TASK);
    else if (run.stop_after == 0 || i % 4 == 1) /* else full when it stops */
        consume(i);
    return 0;
}

static void *by_thread(void *arg)
{
    uint32_t i = (uint32_t)(uintptr_t)arg;
    if (i % 2 == 0)
        produce(TASKS + i / 2, BY_THREAD);
    else
        consume(i + 1000000);
    return NULL;
}

/* ---- a round */

struct plan {
    const char *name;
    size_t capacity;
    enum trine_queue_order order;
    unsigned cancels;    /* of so many tasks one is cancelled; 0: none */
    unsigned stop_after; /* so many items it is shut down; 0: not at all */
};

static int compare_numbers(const void *a, const void *b)
{
    const struct item *one = a, *other = b;
    return (one->number > other->number) - (one->number < other->number);
}

static int tasks(void *arg)
{
    const struct plan *plan = arg;
    struct trine_future *futures[2 * TASKS];
    struct trine_group group;
    unsigned seed = 7;
    trine_group_open(&group, &(struct trine_group_options){ .policy = TRINE_SUPERVISE });
    for (uintptr_t i = 0; i < 2 * TASKS; i++) {
        futures[i] = trine_spawn(&group, by_task, (void *)i);
        must(futures[i] != NULL);
    }
    for (unsigned i = 0; plan->cancels > 0 && i < 2 * TASKS; i += plan->cancels) {
        must(trine_yield() == 0);
        (void)trine_cancel(futures[i + chance(&seed, plan->cancels)]);
    }
    return trine_group_close(&group);
}

static void count_all(void)
{
    unsigned put_count = 0, seen_count = 0;
    for (uint32_t producer = 0; producer < PRODUCERS; producer++) {
        for (uint32_t number = 0; number < BY_THREAD; number++) {
            must(run.put[producer][number] == run.seen[producer][number]);
            put_count += run.put[producer][number];
            seen_count += run.seen[producer][number];
        }
    }
    must(seen_count == put_count && seen_count == run.got + run.undelivered);
    must(trine_queue_inspect(run.queue).unfinished == run.got);
    printf("%u put, %u got, %u undelivered\n", put_count, run.got, run.undelivered);
}

static void carry_out(const struct plan *plan)
{
    pthread_t threads[2 * THREADS];
    printf("%s: ", plan->name);
    fflush(stdout);
    memset(&run, 0, sizeof run);
    run.in_order = plan->order == TRINE_FIFO;
    run.stop_after = plan->stop_after;
    run.producers = PRODUCERS;
    run.queue = trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(struct item),
                                                               .capacity = plan->capacity,
                                                               .order = plan->order,
                                                               .compare = compare_numbers,
                                                               .undelivered = count_undelivered });
    must(run.queue != NULL);
    for (uintptr_t i = 0; i < 2 * THREADS; i++)
        must(pthread_create(&threads[i], NULL, by_thread, (void *)i) == 0);
    must(trine_run(tasks, (void *)plan, &(struct trine_run_options){ .loops = 3 }) == 0);
    for (int i = 0; i < 2 * THREADS; i++)
        pthread_join(threads[i], NULL);
    count_all();
    trine_queue_free(run.queue);
}

/* ---- clones of a channel's ends that are closed while others use theirs */

static _Atomic(unsigned) sent, received, dropped;

static void count_dropped(void *item, void *arg)
{
    atomic_fetch_add(&dropped, 1);
}

static void *send_for_a_while(void *arg)
{
    struct trine_sender *sender = arg;
    unsigned count = 0;
    for (int error = 0; error == 0 && count < 5000; count += error == 0)
        error = trine_send_item(sender, &count);
    trine_sender_close(sender);
    atomic_fetch_add(&sent, count);
    return NULL;
}

/* Comes and goes: a clone for every few items. */
static void *receive_for_a_while(void *arg)
{
    struct trine_receiver *receiver = arg;
    unsigned count = 0, item;
    for (int error = 0; error == 0;) {
        struct trine_receiver *clone = trine_receiver_clone(receiver);
        must(clone != NULL);
        for (int i = 0; error == 0 && i < 10; i++)
            count += (error = trine_receive_item(clone, &item)) == 0;
        trine_receiver_close(clone);
        if (count > 3000)
            break;
    }
    trine_receiver_close(receiver);
    atomic_fetch_add(&received, count);
    return NULL;
}

static void use_channel(size_t capacity)
{
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    pthread_t threads[4];
    sent = received = dropped = 0;
    must(trine_channel_open(&sender, &receiver,
                            &(struct trine_channel_options){ .item_size = sizeof(unsigned),
                                                             .capacity = capacity,
                                                             .undelivered = count_dropped }) == 0);
    struct trine_sender *other_sender = trine_sender_clone(sender);
    struct trine_receiver *other_receiver = trine_receiver_clone(receiver);
    must(pthread_create(&threads[0], NULL, send_for_a_while, sender) == 0);
    must(pthread_create(&threads[1], NULL, send_for_a_while, other_sender) == 0);
    must(pthread_create(&threads[2], NULL, receive_for_a_while, receiver) == 0);
    must(pthread_create(&threads[3], NULL, receive_for_a_while, other_receiver) == 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    must(sent == received + dropped);
    printf("channel of %zu: %u sent, %u received, %u dropped\n", capacity, sent, received, dropped);
}

int main(void)
{
    static const struct plan plans[] = {
        { "hand-over", 0, TRINE_FIFO, 0, 0 },
        { "room for one", 1, TRINE_FIFO, 0, 0 },
        { "room for ten", 10, TRINE_FIFO, 0, 0 },
        { "hand-over, cancels", 0, TRINE_FIFO, 10, 0 },
        { "room for ten, cancels", 10, TRINE_FIFO, 5, 0 },
        { "room for ten, shut down", 10, TRINE_FIFO, 10, 3000 },
        { "hand-over, shut down", 0, TRINE_FIFO, 0, 1000 },
        { "by priority, cancels", 10, TRINE_PRIORITY, 10, 0 },
        { "last in first out, cancels", 10, TRINE_LIFO, 10, 0 },
    };
    alarm(500);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
            carry_out(&plans[i]);
        use_channel(0);
        use_channel(8);
    }
    return 0;
}
