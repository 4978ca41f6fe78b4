/* SPDX-License-Identifier: MIT */
/* Ten orders of 1 s each over 4 processes: three rounds, 3 s.
 *
 *     order  1:   10.00 paid
 *     ...                          in the order of the orders
 *     order 10:  100.00 paid
 *     10 orders in 3.00 s, by 4 processes
 *
 * Usage: orders [MILLISECONDS that a second lasts] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>
#include <unistd.h>

#define ORDERS 10

struct order {
    int number;
    int64_t duration;
    double total; /* filled by the worker, and copied back */
    pid_t by;
};

static int process_order(void *item)
{
    struct order *order = item;
    int error = trine_sleep(order->duration);
    order->total = 10.0 * order->number;
    order->by = getpid();
    return error;
}
TRINE_JOB(process_order, struct order);

static int count_workers(const struct order *orders)
{
    int count = 0;
    for (int i = 0; i < ORDERS; i++) {
        bool seen = false;
        for (int j = 0; j < i; j++)
            seen = seen || orders[j].by == orders[i].by;
        count += !seen;
    }
    return count;
}

int main(int argc, char **argv)
{
    int64_t second = argc > 1 ? TRINE_MILLISECONDS(atoi(argv[1])) : TRINE_SECONDS(1);
    struct trine_executor *processes =
        trine_process_pool_new(&(struct trine_process_pool_options){ .workers = 4 });
    if (processes == NULL)
        return 1;
    struct order orders[ORDERS];
    for (int i = 0; i < ORDERS; i++)
        orders[i] = (struct order){ .number = i + 1, .duration = second };

    int64_t start = trine_now();
    int error = trine_map(processes, process_order, orders, ORDERS, sizeof orders[0],
                          &(struct trine_map_options){ .chunk = 1 });
    double took = (double)(trine_now() - start) / TRINE_SECONDS(1);
    for (int i = 0; i < ORDERS && error == 0; i++)
        printf("order %2d: %7.2f paid\n", orders[i].number, orders[i].total);
    printf("%d orders in %.2f s, by %d processes\n", ORDERS, took, count_workers(orders));
    trine_executor_free(processes);
    return error < 0;
}
