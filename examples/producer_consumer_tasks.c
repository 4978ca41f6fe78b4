/* SPDX-License-Identifier: MIT */
/* The same as producer_consumer_threads.c with tasks: the queue, put, get and close are the same
 * calls. Here the consumers also say when an item is done, and the main task joins the queue.
 *
 *     consumer 1 got item 1            and so on, in about this order
 *     all 20 items are done after 2.20 s
 *     the consumers have ended: 0
 *
 * Usage: producer_consumer_tasks [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

#define ITEMS 20

static struct trine_queue *queue;
static int64_t second = TRINE_SECONDS(1);

static int produce(void *arg)
{
    int error = 0;
    for (int item = 1; item <= ITEMS && error == 0; item++) {
        error = trine_sleep(second / 10);
        if (error == 0)
            error = trine_queue_put(queue, &item);
    }
    trine_queue_close(queue);
    return error;
}

static int consume(void *arg)
{
    int item, error;
    while ((error = trine_queue_get(queue, &item)) == 0) {
        printf("consumer %d got item %d\n", *(int *)arg, item);
        error = trine_sleep(second / 5);
        trine_queue_task_done(queue);
        if (error < 0)
            break;
    }
    return error == -EPIPE ? 0 : error; /* closed and drained: that is how it should end */
}

static int app(void *arg)
{
    int numbers[] = { 1, 2 };
    int64_t start = trine_now();
    struct trine_group group, producers;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 2; i++)
        trine_spawn(&group, consume, &numbers[i]);
    trine_group_open(&producers, NULL);
    trine_spawn(&producers, produce, NULL);
    int error = trine_group_close(&producers);
    if (error == 0)
        error = trine_queue_join(queue);
    printf("all %d items are done after %.2f s\n", ITEMS,
           (double)(trine_now() - start) / TRINE_SECONDS(1));
    int closed = trine_group_close(&group);
    printf("the consumers have ended: %d\n", closed);
    return error < 0 ? error : closed;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        second = TRINE_MILLISECONDS(atoi(argv[1]));
    queue =
        trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(int), .capacity = 10 });
    int error = queue != NULL ? trine_run(app, NULL, NULL) : -ENOMEM;
    trine_queue_free(queue);
    return error < 0;
}
