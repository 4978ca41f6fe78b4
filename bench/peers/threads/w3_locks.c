// SPDX-License-Identifier: MIT
/* W3, kernel threads: pthread_mutex and sem_t, in a process with one thread, then with two, then
 * alone where there have been two. */
#include "../../common/pair.h"
#include <semaphore.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t semaphore;

static void mutex_turns(long count)
{
    for (long i = 0; i < count; i++) {
        pthread_mutex_lock(&mutex);
        bench_turns++;
        pthread_mutex_unlock(&mutex);
    }
}

static void semaphore_turns(long count)
{
    for (long i = 0; i < count; i++) {
        sem_wait(&semaphore);
        bench_turns++;
        sem_post(&semaphore);
    }
}

int main(int argc, char **argv)
{
    long count = bench_count(argc, argv, 10000000);
    sem_init(&semaphore, 0, 1);
    bench_alone("mutex_alone", mutex_turns, count);
    bench_alone("semaphore_alone", semaphore_turns, count);
    bench_two_threads("mutex_threads", mutex_turns, count / 5);
    bench_two_threads("semaphore_threads", semaphore_turns, count / 5);
    bench_alone("mutex_alone_safe", mutex_turns, count);
    bench_alone("semaphore_alone_safe", semaphore_turns, count);
    return 0;
}
