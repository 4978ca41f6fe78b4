/* SPDX-License-Identifier: MIT */
/* Select: a cook takes orders from two windows, whichever has one, until the bell rings.
 *
 *     order 1 came from the street window
 *     order 2 came from the garden window
 *     order 3 came from the street window
 *     order 4 came from the garden window
 *     nobody came for a while
 *     the bell: 4 orders, closing
 *
 * Exactly one of the cases happens: an order that was not taken stays where it is. Go: select. */
#include <stdio.h>
#include <trine.h>

#define MINUTE TRINE_MILLISECONDS(20)

struct kitchen {
    struct trine_queue *street, *garden;
    struct trine_event bell;
};

static int cook(void *arg)
{
    struct kitchen *kitchen = arg;
    int order, count = 0;
    for (;;) {
        struct trine_case cases[] = {
            TRINE_CASE_EVENT(&kitchen->bell),
            TRINE_CASE_GET(kitchen->street, &order),
            TRINE_CASE_GET(kitchen->garden, &order),
            TRINE_CASE_AFTER(10 * MINUTE),
        };
        switch (trine_select(cases, 4, TRINE_BIASED)) { /* the bell first, whatever else is there */
        case 0:
            printf("the bell: %d orders, closing\n", count);
            return 0;
        case 1:
            printf("order %d came from the street window\n", order);
            count++;
            break;
        case 2:
            printf("order %d came from the garden window\n", order);
            count++;
            break;
        case 3:
            printf("nobody came for a while\n");
            break;
        default:
            return -ECANCELED;
        }
    }
}

static int restaurant(void *arg)
{
    struct kitchen kitchen = { .bell = TRINE_EVENT_INIT };
    struct trine_queue_options options = { .item_size = sizeof(int), .capacity = 0 };
    struct trine_group group;
    kitchen.street = trine_queue_new(&options);
    kitchen.garden = trine_queue_new(&options);
    trine_group_open(&group, NULL);
    trine_spawn(&group, cook, &kitchen);
    int error = 0;
    for (int order = 1; order <= 4 && error == 0; order++)
        error = trine_queue_put(order % 2 == 1 ? kitchen.street : kitchen.garden, &order);
    if (error == 0)
        error = trine_sleep(15 * MINUTE);
    trine_event_set(&kitchen.bell);
    int closed = trine_group_close(&group);
    trine_queue_free(kitchen.street);
    trine_queue_free(kitchen.garden);
    return error < 0 ? error : closed;
}

int main(void)
{
    return trine_run(restaurant, NULL, NULL) < 0;
}
