/* SPDX-License-Identifier: MIT */
#include "core/task_slab.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <pthread.h>

#define RECORDS_PER_SLAB 256

struct slab {
    struct trine__task records[RECORDS_PER_SLAB];
    struct slab *next;
};

static pthread_mutex_t depot_lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *slabs;
static size_t slab_count;
static struct trine__task *depot;
static size_t depot_count;

static void deposit(struct trine__task *task)
{
    task->next = depot;
    depot = task;
    depot_count++;
}

static struct trine__task *withdraw(void)
{
    struct trine__task *first = depot, *last = depot;
    for (size_t i = 1; i < RECORDS_PER_SLAB && last != NULL && last->next != NULL; i++)
        last = last->next;
    for (struct trine__task *task = first; task != NULL; task = task->next) {
        depot_count--;
        if (task == last)
            break;
    }
    if (last != NULL) {
        depot = last->next;
        last->next = NULL;
    }
    return first;
}

static struct trine__task *new_slab(void)
{
    struct slab *slab = trine__alloc_aligned(_Alignof(struct slab), sizeof *slab);
    if (slab == NULL)
        return NULL;
    for (size_t i = 0; i + 1 < RECORDS_PER_SLAB; i++)
        slab->records[i].next = &slab->records[i + 1];
    slab->records[RECORDS_PER_SLAB - 1].next = NULL;
    slab->next = slabs;
    slabs = slab;
    slab_count++;
    return slab->records;
}

struct trine__task *trine__task_slab_take(struct trine__loop *loop)
{
    pthread_mutex_lock(&depot_lock);
    struct trine__task *first = depot != NULL ? withdraw() : new_slab();
    if (first != NULL && loop != NULL) {
        loop->free_tasks = first->next;
    } else if (first != NULL) {
        for (struct trine__task *task = first->next, *next; task != NULL; task = next) {
            next = task->next;
            deposit(task);
        }
    }
    pthread_mutex_unlock(&depot_lock);
    return first;
}

static void free_slabs_if_unused(void)
{
    if (depot_count != slab_count * RECORDS_PER_SLAB)
        return;
    while (slabs != NULL) {
        struct slab *slab = slabs;
        slabs = slab->next;
        trine__free(slab);
    }
    slab_count = depot_count = 0;
    depot = NULL;
}

void trine__task_slab_return(struct trine__loop *loop)
{
    pthread_mutex_lock(&depot_lock);
    while (loop->free_tasks != NULL) {
        struct trine__task *task = loop->free_tasks;
        loop->free_tasks = task->next;
        deposit(task);
    }
    free_slabs_if_unused();
    pthread_mutex_unlock(&depot_lock);
}

void trine__task_slab_adopted(struct trine__loop *loop)
{
    if (++loop->adopted_tasks < RECORDS_PER_SLAB)
        return;
    pthread_mutex_lock(&depot_lock);
    for (; loop->adopted_tasks > 0 && loop->free_tasks != NULL; loop->adopted_tasks--) {
        struct trine__task *task = loop->free_tasks;
        loop->free_tasks = task->next;
        deposit(task);
    }
    pthread_mutex_unlock(&depot_lock);
}

size_t trine__task_slab_count(void)
{
    pthread_mutex_lock(&depot_lock);
    size_t count = slab_count;
    pthread_mutex_unlock(&depot_lock);
    return count;
}

void trine__task_slab_give(struct trine__task *task)
{
    pthread_mutex_lock(&depot_lock);
    deposit(task);
    free_slabs_if_unused();
    pthread_mutex_unlock(&depot_lock);
}
