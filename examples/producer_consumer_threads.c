/* SPDX-License-Identifier: MIT */
/* One producer (an item every 0.1 s), two consumers (0.2 s an item), plain threads; a queue with
 * room for ten between them. Nobody needs a sentinel: the producer closes the queue, and a get from
 * a closed and empty queue fails with -EPIPE. 20 items: about 2.2 s.
 *
 *     consumer 1 got item 1            and so on, in about this order
 *     20 items in 2.20 s, consumed 20, never more than 10 in the queue: yes
 *
 * Usage: producer_consumer_threads [MILLISECONDS that a second lasts] */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

#define ITEMS 20

static struct trine_queue *queue;
static int64_t second = TRINE_SECONDS(1);
static _Atomic(int) consumed;

static void *produce(void *arg)
{
    for (int item = 1; item <= ITEMS; item++) {
        trine_sleep(second / 10);
        trine_queue_put(queue, &item);
    }
    trine_queue_close(queue);
    return NULL;
}

static void *consume(void *arg)
{
    int item;
    while (trine_queue_get(queue, &item) == 0) {
        printf("consumer %d got item %d\n", *(int *)arg, item);
        trine_sleep(second / 5);
        consumed++;
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        second = TRINE_MILLISECONDS(atoi(argv[1]));
    queue =
        trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(int), .capacity = 10 });
    if (queue == NULL)
        return 1;

    int64_t start = trine_now();
    int numbers[] = { 1, 2 };
    pthread_t producer, consumers[2];
    pthread_create(&producer, NULL, produce, NULL);
    for (int i = 0; i < 2; i++)
        pthread_create(&consumers[i], NULL, consume, &numbers[i]);
    pthread_join(producer, NULL);
    for (int i = 0; i < 2; i++)
        pthread_join(consumers[i], NULL);
    double took = (double)(trine_now() - start) / TRINE_SECONDS(1);

    struct trine_queue_state state = trine_queue_inspect(queue);
    printf("%d items in %.2f s, consumed %d, never more than 10 in the queue: %s\n", ITEMS, took,
           consumed, state.peak <= 10 ? "yes" : "no");
    trine_queue_free(queue);
    return 0;
}
