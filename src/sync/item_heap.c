/* SPDX-License-Identifier: MIT */
#include "sync/item_heap.h"
#include "sys/sys.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

int trine__item_heap_init(struct trine__item_heap *heap, size_t capacity)
{
    heap->places = trine__alloc_zero(capacity, sizeof heap->places[0]);
    if (heap->places == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < capacity; i++)
        heap->places[i].slot = i;
    return 0;
}

void trine__item_heap_done(struct trine__item_heap *heap)
{
    trine__free(heap->places);
}

static void *item_at(const struct trine__item_heap *heap, struct trine__item_place place)
{
    return heap->items + place.slot * heap->item_size;
}

static bool before(const struct trine__item_heap *heap, struct trine__item_place a,
                   struct trine__item_place b)
{
    int order = heap->compare(item_at(heap, a), item_at(heap, b));
    return order != 0 ? order < 0 : a.number < b.number;
}

void trine__item_heap_put(struct trine__item_heap *heap, size_t length, uint64_t number,
                          const void *item)
{
    struct trine__item_place *places = heap->places, place = { number, places[length].slot };
    memcpy(item_at(heap, place), item, heap->item_size);
    size_t at = length;
    for (; at > 0 && before(heap, place, places[(at - 1) / 2]); at = (at - 1) / 2)
        places[at] = places[(at - 1) / 2];
    places[at] = place;
}

void *trine__item_heap_get(struct trine__item_heap *heap, size_t length)
{
    struct trine__item_place *places = heap->places, best = places[0], last = places[length - 1];
    size_t end = length - 1, at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < end && before(heap, places[child + 1], places[child]))
            child++;
        if (child >= end || !before(heap, places[child], last))
            break;
        places[at] = places[child];
        at = child;
    }
    places[at] = last;
    places[end].slot = best.slot;
    return item_at(heap, best);
}
