/* SPDX-License-Identifier: MIT */
/* A heap of items by a user's order, equal ones first come, first out.
 *
 *     places: [ heap of (number, slot), best first | free slots ]
 *     items:  slot 0, slot 1, ...            an item is copied in once and out once, never between
 *
 * The caller keeps the length and numbers what it puts. */
#ifndef TRINE_SYNC_ITEM_HEAP_H
#define TRINE_SYNC_ITEM_HEAP_H

#include <stddef.h>
#include <stdint.h>

struct trine__item_place {
    uint64_t number;
    size_t slot;
};

struct trine__item_heap {
    struct trine__item_place *places;
    char *items;
    size_t item_size;
    int (*compare)(const void *a, const void *b);
};

/* Room for `capacity` items of `heap->item_size` at `heap->items`. -ENOMEM. */
int trine__item_heap_init(struct trine__item_heap *heap, size_t capacity);
void trine__item_heap_done(struct trine__item_heap *heap);
/* `length`: before the call. There is room. */
void trine__item_heap_put(struct trine__item_heap *heap, size_t length, uint64_t number,
                          const void *item);
/* Takes the best out: its slot, untouched until the next put. `length`: before the call, not 0. */
void *trine__item_heap_get(struct trine__item_heap *heap, size_t length);

#endif
