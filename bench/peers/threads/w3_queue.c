// SPDX-License-Identifier: MIT
/* W3, kernel threads: a queue of a mutex and two condition variables, as the manual has it. */
#include "../../common/pair.h"

#define PLACES 1000

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static long ring[PLACES], head, tail, capacity, items;

static void put(long item)
{
    pthread_mutex_lock(&mutex);
    while (tail - head == capacity)
        pthread_cond_wait(&not_full, &mutex);
    ring[tail++ % PLACES] = item;
    pthread_cond_signal(&not_empty);
    pthread_mutex_unlock(&mutex);
}

static long get(void)
{
    pthread_mutex_lock(&mutex);
    while (tail == head)
        pthread_cond_wait(&not_empty, &mutex);
    long item = ring[head++ % PLACES];
    pthread_cond_signal(&not_full);
    pthread_mutex_unlock(&mutex);
    return item;
}

static void *produce(void *arg)
{
    for (long i = 0; i < items; i++)
        put(i);
    return arg;
}

static void measure(long places, long count)
{
    char key[64];
    pthread_t thread;
    capacity = places;
    items = count;
    head = tail = 0;
    uint64_t wall = bench_wall(), cpu = bench_cpu();
    if (pthread_create(&thread, NULL, produce, NULL) != 0)
        bench_die("pthread_create");
    for (long i = 0; i < items; i++)
        if (get() != i)
            abort();
    pthread_join(thread, NULL);
    snprintf(key, sizeof key, "queue_threads_%ld", places);
    bench_report_pair(key, bench_wall() - wall, bench_cpu() - cpu, count);
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 300000);
    measure(10, count);
    measure(1000, count);
    return 0;
}
