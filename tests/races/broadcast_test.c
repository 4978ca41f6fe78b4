/* SPDX-License-Identifier: MIT */
/* Broadcast and watch under stress: two threads send while a thousand tasks of several loops and
 * two more threads read. Every subscriber accounts for every item, as got or as lost, each sender's
 * in order; every watcher sees whole values, each version once, and the last one. */
#include "races.h"
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <trine.h>

#define SENDERS 2
#define READERS 2 /* threads */
#define LOOPS   3
#define TASKS   1000
#define ITEMS   1000 /* of a sender */
#define PLACES  16

struct item {
    uint32_t sender, number;
};

struct value {
    uint64_t one, other; /* the same */
};

static struct trine_broadcast *station;
static struct trine_watch *latest;
static _Atomic(int) ready; /* subscribers that will miss nothing from here on */
static _Atomic(int) sending;

static void wait_for_all_readers(void)
{
    while (atomic_load(&ready) < TASKS + READERS)
        must(trine_sleep(TRINE_MILLISECONDS(1)) == 0);
}

static void *send_items(void *arg)
{
    struct item item = { .sender = (uint32_t)(uintptr_t)arg };
    wait_for_all_readers();
    for (; item.number < ITEMS; item.number++) {
        must(trine_broadcast_send(station, &item) == TASKS + READERS);
        struct value value = { item.number, item.number };
        trine_watch_set(latest, &value);
        if (item.number % PLACES == 0)
            must(trine_yield() == 0);
    }
    if (atomic_fetch_sub(&sending, 1) == 1) {
        trine_broadcast_close(station);
        trine_watch_close(latest);
    }
    return NULL;
}

/* Until the end: each item is either got or counted as lost. */
static void read_all(struct trine_subscriber *subscriber)
{
    uint64_t got = 0, lost = 0, missed;
    int64_t last[SENDERS] = { -1, -1 };
    struct item item;
    int error;
    while ((error = trine_subscriber_next(subscriber, &item, &missed)) == 0) {
        must(item.sender < SENDERS && item.number > last[item.sender]);
        last[item.sender] = item.number;
        got++;
        lost += missed;
    }
    must(error == -EPIPE);
    must(got + lost == SENDERS * ITEMS);
}

static void watch_all(void)
{
    struct value value;
    uint64_t version = 0, before;
    int error;
    do {
        before = version;
        error = trine_watch_changed(latest, &version, &value);
        must(error == -EPIPE || (version > before && value.one == value.other));
    } while (error == 0);
    must(error == -EPIPE && version == SENDERS * ITEMS);
}

static int read_or_watch(void *arg)
{
    bool reads = (uintptr_t)arg % 2 == 0;
    struct trine_subscriber *subscriber = trine_subscribe(station);
    must(subscriber != NULL);
    atomic_fetch_add(&ready, 1);
    if (reads)
        read_all(subscriber);
    else
        watch_all();
    wait_for_all_readers(); /* nobody goes while a send still counts on it */
    while (atomic_load(&sending) > 0)
        must(trine_sleep(TRINE_MILLISECONDS(1)) == 0);
    trine_unsubscribe(subscriber);
    return 0;
}

static void *read_in_thread(void *arg)
{
    must(read_or_watch(arg) == 0);
    return NULL;
}

static int read_in_tasks(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (uintptr_t i = 0; i < TASKS; i++)
        must(trine_spawn(&group, read_or_watch, (void *)i) != NULL);
    return trine_group_close(&group);
}

int main(void)
{
    pthread_t senders[SENDERS], readers[READERS];
    struct value nothing = { 0, 0 };
    station = trine_broadcast_new(sizeof(struct item), PLACES);
    latest = trine_watch_new(sizeof(struct value), &nothing);
    must(station != NULL && latest != NULL);
    atomic_store(&sending, SENDERS);
    for (uintptr_t i = 0; i < SENDERS; i++)
        must(pthread_create(&senders[i], NULL, send_items, (void *)i) == 0);
    for (uintptr_t i = 0; i < READERS; i++)
        must(pthread_create(&readers[i], NULL, read_in_thread, (void *)i) == 0);
    must(trine_run(read_in_tasks, NULL, &(struct trine_run_options){ .loops = LOOPS }) == 0);
    for (int i = 0; i < SENDERS; i++)
        pthread_join(senders[i], NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    trine_watch_free(latest);
    printf("2 passed, 0 failed\n");
    return 0;
}
