/* SPDX-License-Identifier: MIT */
/* Stacks for fibers: cheap by the million, guarded every one.
 *
 *     slot of a slab:   | guard page | ... untouched ... | frames <- ^ struct trine__stack | colour
 * | slot         low                             this                  end of slot
 *
 * A slab is one mapping without reserve and huge pages, cut into slots; a stack costs the pages it
 * touched. Its record `struct trine__stack` lies at the top, frames (and whatever record the user
 * puts there) begin right below it, so a parked fiber needs one page in all. Tops are coloured,
 * or a thousand of them would fight for a few cache sets: shifted by some cache lines from slot to
 * slot, and by a page, because the guard comes on top of a power of two.
 *
 * Guards: MADV_GUARD_INSTALL (Linux 6.13), many in one call; else mprotect up to a share of
 * vm.max_map_count; past that a canary, looked at when its owner ends. Which one a stack has is in
 * `guard`. A guard is one page: code whose frames exceed a page can step over it unless
 * compiled with -fstack-clash-protection.
 *
 * A cache belongs to one thread: take and give are plain list operations there. */
#ifndef TRINE_FIBER_STACK_H
#define TRINE_FIBER_STACK_H

#include <stddef.h>
#include <stdint.h>

enum trine__guard { TRINE__GUARD_LIGHT, TRINE__GUARD_MPROTECT, TRINE__GUARD_CANARY };

struct trine__slab;

/* Who runs on a stack. One pointer to it, because binding a stack happens often. */
struct trine__owner {
    const char *name; /* NULL: the last word of its site */
    const char *site;
};

struct trine__stack {
    struct trine__stack *next; /* in the cache's list, or its user's */
    void *low;                 /* first usable byte, above the guard; the stack is [low, this) */
    size_t size;               /* frames, this record and its colour */
    const struct trine__owner *owner; /* for the overflow report; set by whoever binds the stack */
    /* The cache's own. */
    struct trine__slab *slab;
    uint32_t checker_id;
    uint8_t guard; /* enum trine__guard */
    uint8_t size_class;
    uint8_t trimmed;
} __attribute__((aligned(16)));

#define TRINE__STACK_DEFAULT (64 * 1024)
#define TRINE__STACK_MIN     (16 * 1024)

struct trine__stack_cache;

/* One cache for this thread. -ENOMEM. */
int trine__stack_cache_new(struct trine__stack_cache **ret);
/* Gives all memory back; every stack must have been given back before. */
void trine__stack_cache_free(struct trine__stack_cache *cache);

/* Takes a guarded stack, last given first. `size` is rounded up to the next class (16 KiB, 64 KiB,
 * 256 KiB, 1 MiB, above that whole pages); 0 means the default. The record and the colour, at most
 * 2.2 KiB together, are inside it; the guard page is not. -ENOMEM. */
int trine__stack_take(struct trine__stack_cache *cache, size_t size, struct trine__stack **ret);
/* Aborts with a message if `stack` has a canary and it is dead. While its owner is known. */
__attribute__((cold)) void trine__stack_check_canary(const struct trine__stack *stack);
static inline void trine__stack_check(const struct trine__stack *stack)
{
    if (__builtin_expect(stack->guard == TRINE__GUARD_CANARY, 0))
        trine__stack_check_canary(stack);
}
/* Gives a stack back. The caller may still be running on it until its next switch. Aborts with a
 * message if the stack's canary is dead. */
void trine__stack_give(struct trine__stack_cache *cache, struct trine__stack *stack);
/* Returns pages of cached stacks above the high-water mark to the kernel, in bulk. Call it now and
 * then from the thread's own stack. */
void trine__stack_cache_trim(struct trine__stack_cache *cache);
/* How many stacks exist, cached or in use (this cache). */
size_t trine__stack_cache_count(const struct trine__stack_cache *cache);

/* Overflow: a write into a guard is reported on an alternate signal stack, naming the owner, where
 * it was spawned and the stack's size, and the process ends with SIGSEGV's default action. Other
 * faults go on to whatever handler was there before. Install once per process (idempotent), and
 * give every thread that runs fibers its alternate stack. */
int trine__overflow_install(void);
int trine__overflow_enter_thread(void);
void trine__overflow_leave_thread(void);

#endif
