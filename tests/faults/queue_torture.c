/* SPDX-License-Identifier: MIT */
/* Queues, channels, broadcast and watch: each scenario is cancelled at every suspension point, and
 * each of its fallible calls fails in turn. Every item is a resource: who could not put it gives it
 * back, and so does who gets it, or `undelivered`. Virtual time. */
#include "steps.h"
#include "torture.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <trine/channel.h>
#include <trine/error.h>
#include <trine/group.h>
#include <trine/queue.h>
#include <trine/run.h>

#define WHILE TRINE_MILLISECONDS(10)
#define ITEMS 6

static void give_back(void *item, void *arg)
{
    steps_give();
}

static int first_of(int error, int another)
{
    return error < 0 ? error : another;
}

static int last_error(void)
{
    return trine_error_last() != NULL ? trine_error_code(trine_error_last()) : -ENOMEM;
}

/* ---- queues */

static int compare(const void *a, const void *b)
{
    return *(const int *)a % 3 - *(const int *)b % 3;
}

static int put_some(void *arg)
{
    int error = 0;
    for (int i = 0; i < ITEMS && error == 0; i++) {
        steps_take();
        error = trine_queue_put(arg, &i);
        if (error < 0)
            steps_give();
        else if (i % 3 == 0)
            error = trine_sleep(WHILE);
    }
    return error == -EPIPE ? 0 : error;
}

static int get_some(void *arg)
{
    int error = 0, item;
    while ((error = trine_queue_get(arg, &item)) == 0) {
        steps_give();
        if (item % 2 == 0)
            error = trine_sleep(WHILE);
        (void)trine_queue_task_done(arg);
        if (error < 0)
            break;
    }
    return error == -EPIPE ? 0 : error;
}

static int queue_of(size_t capacity, enum trine_queue_order order)
{
    struct trine_queue *queue =
        trine_queue_new(&(struct trine_queue_options){ .item_size = sizeof(int),
                                                       .capacity = capacity,
                                                       .order = order,
                                                       .compare = compare,
                                                       .undelivered = give_back });
    if (queue == NULL)
        return last_error();
    struct trine_group producers, consumers;
    trine_group_open(&consumers, NULL);
    trine_group_open(&producers, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&producers, put_some, queue);
    for (int i = 0; i < 2; i++)
        trine_spawn(&consumers, get_some, queue);
    int error = trine_group_close(&producers);
    if (error == 0)
        error = trine_queue_join(queue);
    trine_queue_close(queue);
    int closed = trine_group_close(&consumers);
    trine_queue_free(queue);
    return first_of(error, closed);
}

static int hand_over(void *arg)
{
    return queue_of(0, TRINE_FIFO);
}

static int fifo(void *arg)
{
    return queue_of(2, TRINE_FIFO);
}

static int lifo(void *arg)
{
    return queue_of(2, TRINE_LIFO);
}

static int priority(void *arg)
{
    return queue_of(2, TRINE_PRIORITY);
}

/* Puts under short limits, of which some are reached, into a queue that is shut down in the end. */
static int limits(void *arg)
{
    int error = 0;
    struct trine_group group;
    struct trine_queue *queue = trine_queue_new(&(struct trine_queue_options){
        .item_size = sizeof(int), .capacity = 1, .undelivered = give_back });
    if (queue == NULL)
        return last_error();
    trine_group_open(&group, NULL);
    trine_spawn(&group, get_some, queue);
    for (int i = 0; i < ITEMS && error == 0; i++) {
        steps_take();
        error = TRINE_WITHIN(WHILE / 3, trine_queue_put(queue, &i));
        if (error < 0)
            steps_give();
        if (error == -ETIMEDOUT && trine_cancelled() == 0)
            error = 0;
    }
    trine_queue_shutdown(queue);
    int closed = trine_group_close(&group);
    trine_queue_free(queue);
    return first_of(error, closed);
}

/* ---- channels */

static int send_some(void *arg)
{
    int error = 0;
    for (int i = 0; i < ITEMS && error == 0; i++) {
        steps_take();
        error = trine_send_item(arg, &i);
        if (error < 0)
            steps_give();
        else if (i % 2 == 0)
            error = trine_sleep(WHILE);
    }
    trine_sender_close(arg);
    return error == -EPIPE ? 0 : error;
}

static int receive_some(void *arg)
{
    int error = 0, item;
    for (int i = 0; i < ITEMS && error == 0; i++) {
        error = trine_receive_item(arg, &item);
        if (error == 0)
            steps_give();
    }
    trine_receiver_close(arg);
    return error == -EPIPE ? 0 : error;
}

/* The child closes what it is given; without a child, or a clone, there is nothing to close. */
static void start_sender(struct trine_group *group, struct trine_sender *sender)
{
    if (sender != NULL && trine_spawn(group, send_some, sender) == NULL)
        trine_sender_close(sender);
}

static void start_receiver(struct trine_group *group, struct trine_receiver *receiver)
{
    if (receiver != NULL && trine_spawn(group, receive_some, receiver) == NULL)
        trine_receiver_close(receiver);
}

static int channel_of(size_t capacity)
{
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    struct trine_group group;
    int error = trine_channel_open(&sender, &receiver,
                                   &(struct trine_channel_options){ .item_size = sizeof(int),
                                                                    .capacity = capacity,
                                                                    .undelivered = give_back });
    if (error < 0)
        return error;
    trine_group_open(&group, NULL);
    struct trine_sender *another = trine_sender_clone(sender);
    struct trine_receiver *other = trine_receiver_clone(receiver);
    if (another == NULL || other == NULL)
        error = -ENOMEM;
    start_sender(&group, sender);
    start_sender(&group, another);
    start_receiver(&group, receiver);
    start_receiver(&group, other);
    return first_of(trine_group_close(&group), error);
}

static int channel(void *arg)
{
    return channel_of(2);
}

static int channel_without_room(void *arg)
{
    return channel_of(0);
}

/* ---- broadcast and watch */

static int read_some(void *arg)
{
    int item, error = 0;
    uint64_t lost;
    while (error == 0)
        error = trine_subscriber_next(arg, &item, &lost);
    trine_unsubscribe(arg);
    steps_give();
    return error == -EPIPE ? 0 : error;
}

static void start_reader(struct trine_group *group, struct trine_broadcast *broadcast)
{
    struct trine_subscriber *subscriber = trine_subscribe(broadcast);
    if (subscriber == NULL)
        return;
    steps_take();
    if (trine_spawn(group, read_some, subscriber) == NULL) {
        trine_unsubscribe(subscriber);
        steps_give();
    }
}

static int broadcast(void *arg)
{
    struct trine_group group;
    struct trine_broadcast *station = trine_broadcast_new(sizeof(int), 2);
    int error = 0;
    if (station == NULL)
        return last_error();
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        start_reader(&group, station);
    for (int i = 0; i < ITEMS && error == 0; i++) {
        trine_broadcast_send(station, &i);
        error = i % 2 == 0 ? trine_sleep(WHILE) : 0;
    }
    trine_broadcast_close(station);
    return first_of(error, trine_group_close(&group));
}

static int follow(void *arg)
{
    int value, error = 0;
    uint64_t version = 0;
    steps_take();
    while (error == 0)
        error = trine_watch_changed(arg, &version, &value);
    steps_give();
    return error == -EPIPE ? 0 : error;
}

static int watch(void *arg)
{
    struct trine_group group;
    int value = 0, error = 0;
    struct trine_watch *latest = trine_watch_new(sizeof value, &value);
    if (latest == NULL)
        return -ENOMEM;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 3; i++)
        trine_spawn(&group, follow, latest);
    for (; value < ITEMS && error == 0; value++) {
        trine_watch_set(latest, &value);
        error = value % 2 == 0 ? trine_sleep(WHILE) : 0;
    }
    trine_watch_close(latest);
    int closed = trine_group_close(&group);
    trine_watch_free(latest);
    return first_of(error, closed);
}

#define SCENARIOS(X)                                                                               \
    X(hand_over)                                                                                   \
    X(fifo)                                                                                        \
    X(lifo)                                                                                        \
    X(priority)                                                                                    \
    X(limits)                                                                                      \
    X(channel)                                                                                     \
    X(channel_without_room)                                                                        \
    X(broadcast)                                                                                   \
    X(watch)

STEPS_MAIN(SCENARIOS)
