/* SPDX-License-Identifier: MIT */
#include "exec/job_memory.h"
#include "sys/sys.h"
#include <stdbool.h>

#define UNIT 128
/* Blocks of 1 to CLASSES units are kept, at most KEPT of each: some hundred kilobytes per thread.
 */
#define CLASSES 3

#if defined(__SANITIZE_ADDRESS__)
#define KEPT 0 /* let the sanitizer see every end of life */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KEPT 0
#endif
#endif
#ifndef KEPT
#define KEPT 1024
#endif

struct block {
    struct block *next;
};

struct shelf {
    struct block *first;
    unsigned count;
};

static __thread struct shelf shelves[CLASSES + 1];
static __thread bool has_end;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;
static bool have_key;

static void empty_shelves(void *arg)
{
    for (unsigned i = 0; i <= CLASSES; i++) {
        while (shelves[i].first != NULL) {
            struct block *block = shelves[i].first;
            shelves[i].first = block->next;
            trine__free(block);
        }
        shelves[i].count = 0;
    }
    has_end = false;
}

static void prepare(void)
{
    have_key = pthread_key_create(&thread_end, empty_shelves) == 0;
}

/* Whether this thread's shelves will be emptied when it ends. */
static bool will_end(void)
{
    if (!has_end) {
        pthread_once(&prepared, prepare);
        has_end = have_key && pthread_setspecific(thread_end, shelves) == 0;
    }
    return has_end;
}

void *trine__job_memory_take(size_t size, uint32_t *ret_block)
{
    size_t units = (size + UNIT - 1) / UNIT;
    *ret_block = units <= CLASSES ? (uint32_t)units : 0;
    struct shelf *shelf = &shelves[*ret_block];
    struct block *block = shelf->first;
    if (block == NULL)
        return *ret_block != 0 ? trine__alloc_aligned(UNIT, units * UNIT) : trine__alloc(size);
    shelf->first = block->next;
    shelf->count--;
    if (shelf->first != NULL)
        __builtin_prefetch(shelf->first, 1);
    return block;
}

void trine__job_memory_give(void *memory, uint32_t block)
{
    struct shelf *shelf = &shelves[block];
    if (block == 0 || shelf->count + 1 > KEPT || !will_end()) {
        trine__free(memory);
        return;
    }
    struct block *kept = memory;
    kept->next = shelf->first;
    shelf->first = kept;
    shelf->count++;
}
