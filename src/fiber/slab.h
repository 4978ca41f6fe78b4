/* SPDX-License-Identifier: MIT */
/* Slabs: mappings cut into slots, and the list of all of them that the overflow report reads. */
#ifndef TRINE_FIBER_SLAB_H
#define TRINE_FIBER_SLAB_H

#include <stdatomic.h>
#include <stddef.h>

#include "stack.h"

struct trine__slab {
    _Atomic(char *) base;           /* NULL while the record is free */
    size_t stride;                  /* bytes a slot: a guard page and a stack */
    size_t count;                   /* slots */
    size_t ready;                   /* slots whose guard is there */
    size_t protected;               /* ... of which by mprotect */
    _Atomic size_t carved;          /* slots that have a struct trine__stack */
    size_t idle;                    /* how many of them are in the cache; known while it is swept */
    enum trine__guard way;          /* of the slots between carved and ready */
    struct trine__slab *next;       /* in its cache */
    struct trine__slab *registered; /* in the list of all; never changes */
    _Atomic int taken;
};

/* A new slab of `count` stacks of `size` bytes, or fewer if memory is short; NULL: none at all. */
struct trine__slab *trine__slab_new(size_t size, size_t count);
/* Unmaps it. */
void trine__slab_free(struct trine__slab *slab);
/* The next unused slot as a guarded stack; NULL when the slab is used up. */
struct trine__stack *trine__slab_carve(struct trine__slab *slab);
/* Slot `index`, carved before. */
struct trine__stack *trine__slab_stack(const struct trine__slab *slab, size_t index);

/* The stack in whose guard `address` lies, NULL if none. Safe in signal handlers. */
struct trine__stack *trine__slab_guard_at(const void *address);

#endif
