/* SPDX-License-Identifier: MIT */
/* Slabs of stacks. Records are never freed, only reused, and linked into one list by pushing at its
 * head; so a signal handler may walk the list at any moment. */
#include "slab.h"

#include <string.h>
#include <sys/mman.h>

#include "guard.h"
#include "stack_watch.h"
#include "sys/sys.h"

/* Tops a cache line apart from slot to slot: 32 of them leave half of the top page to its user, and
 * measured better than 16 steps of two lines. */
#define COLOURS     32
#define COLOUR_STEP 64

static _Atomic(struct trine__slab *) all;

static struct trine__slab *new_record(void)
{
    for (struct trine__slab *slab = atomic_load(&all); slab; slab = slab->registered) {
        int expected = 0;
        if (atomic_compare_exchange_strong(&slab->taken, &expected, 1))
            return slab;
    }
    struct trine__slab *slab = trine__alloc_zero(1, sizeof *slab);
    if (!slab)
        return NULL;
    atomic_init(&slab->taken, 1);
    slab->registered = atomic_load(&all);
    while (!atomic_compare_exchange_weak(&all, &slab->registered, slab))
        ;
    return slab;
}

/* Under strict overcommit or RLIMIT_AS a smaller slab may still fit. */
static size_t map_slots(size_t stride, size_t count, void **ret)
{
    while (count > 0 && trine__map(stride * count, MAP_NORESERVE | MAP_STACK, ret) < 0)
        count /= 2;
    return count;
}

struct trine__slab *trine__slab_new(size_t size, size_t count)
{
    size_t stride = size + trine__page_size(); /* so tops lie in different pages of a cache, too */
    struct trine__slab *slab = new_record();
    if (!slab)
        return NULL;
    void *base;
    slab->count = map_slots(stride, count, &base);
    if (!slab->count) {
        atomic_store(&slab->taken, 0);
        return NULL;
    }
    trine__stack_fresh(base, stride * slab->count);
    trine__advise(base, stride * slab->count, MADV_NOHUGEPAGE); /* only saves memory */
    slab->stride = stride;
    slab->ready = slab->protected = 0;
    atomic_store(&slab->carved, 0);
    atomic_store_explicit(&slab->base, base, memory_order_release);
    return slab;
}

void trine__slab_free(struct trine__slab *slab)
{
    char *base = atomic_load(&slab->base);
    size_t carved = atomic_load(&slab->carved);
    for (size_t i = 0; i < carved; i++)
        trine__stack_unwatch(trine__slab_stack(slab, i));
    atomic_store(&slab->base, NULL);
    trine__stack_fresh(base,
                       slab->stride * slab->count); /* for whoever gets these addresses next */
    trine__unmap(base, slab->stride * slab->count);
    trine__guard_forget(slab->protected);
    atomic_store_explicit(&slab->taken, 0, memory_order_release);
}

struct trine__stack *trine__slab_stack(const struct trine__slab *slab, size_t index)
{
    char *end =
        atomic_load_explicit(&slab->base, memory_order_relaxed) + (index + 1) * slab->stride;
    return (struct trine__stack *)(end - index % COLOURS * COLOUR_STEP) - 1;
}

struct trine__stack *trine__slab_carve(struct trine__slab *slab)
{
    size_t index = atomic_load_explicit(&slab->carved, memory_order_relaxed);
    if (index == slab->count)
        return NULL;
    char *slot = atomic_load_explicit(&slab->base, memory_order_relaxed) + index * slab->stride;
    if (index == slab->ready) {
        size_t done = trine__guard_install(slot, slab->stride, slab->count - index, &slab->way);
        slab->ready += done;
        slab->protected += slab->way == TRINE__GUARD_MPROTECT ? done : 0;
    }
    struct trine__stack *stack = trine__slab_stack(slab, index);
    stack->low = slot + trine__page_size();
    stack->size = slab->stride - trine__page_size();
    stack->slab = slab;
    stack->guard = (uint8_t)slab->way;
    trine__stack_watch(stack);
    atomic_store_explicit(&slab->carved, index + 1, memory_order_release);
    return stack;
}

struct trine__stack *trine__slab_guard_at(const void *address)
{
    for (struct trine__slab *slab = atomic_load(&all); slab; slab = slab->registered) {
        char *base = atomic_load_explicit(&slab->base, memory_order_acquire);
        size_t offset = (size_t)((const char *)address - base);
        if (!base || (const char *)address < base || offset >= slab->stride * slab->count)
            continue;
        size_t index = offset / slab->stride;
        int inside = offset % slab->stride < trine__page_size();
        return inside && index < atomic_load(&slab->carved) ? trine__slab_stack(slab, index) : NULL;
    }
    return NULL;
}
