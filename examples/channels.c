/* SPDX-License-Identifier: MIT */
/* A channel that ends when its last sender is closed, a broadcast with a reader that is too slow, a
 * value that is watched.
 *
 *     the sum of two senders: 12
 *     on the air: 3 (2 missed), then 4
 *     temperature 21 (version 3)
 */
#include <stdio.h>
#include <trine.h>

static int send_three(void *arg)
{
    struct trine_sender *sender = arg;
    int error = 0;
    for (int i = 1; i <= 3 && error == 0; i++)
        error = trine_send_item(sender, &i);
    trine_sender_close(
        sender); /* each sender closes its own handle: the last one ends the channel */
    return error;
}

static int add_up(void)
{
    struct trine_group group;
    struct trine_sender *sender;
    struct trine_receiver *receiver;
    int item, sum = 0;
    int error = trine_channel_open(&sender, &receiver,
                                   &(struct trine_channel_options){ .item_size = sizeof(int) });
    if (error < 0)
        return error;
    trine_group_open(&group, NULL);
    trine_spawn(&group, send_three, trine_sender_clone(sender));
    trine_spawn(&group, send_three, sender);
    while (trine_receive_item(receiver, &item) == 0)
        sum += item;
    trine_receiver_close(receiver);
    printf("the sum of two senders: %d\n", sum);
    return trine_group_close(&group);
}

static void listen_too_slowly(void)
{
    struct trine_broadcast *broadcast = trine_broadcast_new(sizeof(int), 2);
    struct trine_subscriber *listener = trine_subscribe(broadcast);
    int first = 0, second = 0;
    uint64_t lost = 0;
    for (int i = 1; i <= 4; i++)
        trine_broadcast_send(broadcast, &i);
    trine_broadcast_close(broadcast);
    trine_subscriber_next(listener, &first, &lost);
    trine_subscriber_next(listener, &second, NULL);
    printf("on the air: %d (%llu missed), then %d\n", first, (unsigned long long)lost, second);
    trine_unsubscribe(listener);
}

static int app(void *arg)
{
    int error = add_up(), degrees = 18;
    listen_too_slowly();
    struct trine_watch *watch = trine_watch_new(sizeof degrees, &degrees);
    uint64_t version = trine_watch_get(watch, &degrees);
    for (int now = 19; now <= 21; now++)
        trine_watch_set(watch, &now);
    if (error == 0)
        error = trine_watch_changed(watch, &version, &degrees); /* only the latest counts */
    printf("temperature %d (version %d)\n", degrees, (int)version);
    trine_watch_free(watch);
    return error;
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}
