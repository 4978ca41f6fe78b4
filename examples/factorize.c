/* SPDX-License-Identifier: MIT */
/* Hard computing, 8 times: tasks share one thread and win nothing; threads and processes use every
 * processor. (In Python threads win nothing either.)
 *
 *     112272535095293 is a prime
 *     serial       0.162 s
 *     tasks        0.162 s
 *     threads      0.082 s        on 2 processors
 *     processes    0.086 s
 *
 * Usage: factorize [HOW OFTEN, at most 1000] */
#include <stdio.h>
#include <stdlib.h>
#include <trine.h>

#define TIMES_MAX 1000

struct number {
    uint64_t product, factor;
};

/* The smallest factor, by trial division; a prime's is itself. */
static int factorize(void *item)
{
    struct number *number = item;
    for (number->factor = 2; number->factor * number->factor <= number->product; number->factor++) {
        if (number->product % number->factor == 0)
            return 0;
    }
    number->factor = number->product;
    return 0;
}
TRINE_JOB(factorize, struct number);

static int measure(struct trine_executor *executor, size_t count)
{
    static struct number numbers[TIMES_MAX];
    for (size_t i = 0; i < count; i++)
        numbers[i] = (struct number){ .product = 112272535095293 };
    int64_t start = trine_now();
    int error = trine_map(executor, factorize, numbers, count, sizeof numbers[0],
                          &(struct trine_map_options){ .chunk = 1 });
    if (error < 0)
        return error;
    if (executor == TRINE_SERIAL)
        printf("%ju is %s\n", numbers[0].product,
               numbers[0].factor == numbers[0].product ? "a prime" : "not a prime");
    printf("%-12s %.3f s\n", trine_executor_name(executor),
           (double)(trine_now() - start) / TRINE_SECONDS(1));
    return 0;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 8;
    if (count == 0 || count > TIMES_MAX)
        return 2;
    struct trine_executor *processes = trine_process_pool_new(NULL); /* one for each processor */
    struct trine_executor *threads = trine_thread_pool_new(NULL);
    struct trine_executor *models[] = { TRINE_SERIAL, TRINE_TASKS, threads, processes };
    int error = threads != NULL && processes != NULL ? 0 : -ENOMEM;
    for (int i = 0; i < 4 && error == 0; i++)
        error = measure(models[i], count);
    trine_executor_free(threads);
    trine_executor_free(processes);
    return error < 0;
}
