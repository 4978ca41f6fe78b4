/* SPDX-License-Identifier: MIT */
/* The cache of stacks of one thread: four classes of sizes, each a list of stacks given back and
 * slabs to carve new ones from; and single mappings for whatever is larger. */
#include "stack.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "guard.h"
#include "overflow.h"
#include "slab.h"
#include "stack_watch.h"
#include "sys/sys.h"

#define CLASSES    4
#define LARGE      CLASSES /* the list of stacks that are slabs of their own */
#define SLAB_FIRST 64
#define SLAB_MOST  65536
#define SLAB_BYTES (4UL << 30)
#define HOT        128  /* cached stacks a class whose pages are left alone */
#define SWEEP_FROM 1024 /* stacks a class from which whole slabs are given back */
#define BATCH      128

struct size_class {
    struct trine__stack *idle; /* the last given first */
    size_t idle_count;
    struct trine__slab *slabs; /* the newest, which is carved, first */
    size_t count;
    ptrdiff_t sweep_at; /* sweep when at most so many are in use */
};

struct trine__stack_cache {
    struct size_class classes[CLASSES + 1];
};

static const size_t class_sizes[CLASSES] = { 16 << 10, 64 << 10, 256 << 10, 1 << 20 };

int trine__stack_cache_new(struct trine__stack_cache **ret)
{
    struct trine__stack_cache *cache = trine__alloc_zero(1, sizeof *cache);
    if (!cache)
        return -ENOMEM;
    *ret = cache;
    return 0;
}

void trine__stack_cache_free(struct trine__stack_cache *cache)
{
    if (!cache)
        return;
    for (int i = 0; i <= CLASSES; i++) {
        struct trine__slab *next;
        for (struct trine__slab *slab = cache->classes[i].slabs; slab; slab = next) {
            next = slab->next;
            trine__slab_free(slab);
        }
    }
    trine__free(cache);
}

/* Slabs double what there is, so a million stacks are some thirty mappings. */
static size_t slab_slots(const struct size_class *class, size_t stride)
{
    size_t slots = class->count < SLAB_FIRST ? SLAB_FIRST : class->count;
    if (slots > SLAB_MOST)
        slots = SLAB_MOST;
    return slots * stride > SLAB_BYTES ? SLAB_BYTES / stride : slots;
}

static __attribute__((noinline)) struct trine__stack *carve(struct size_class *class, size_t stride,
                                                            size_t slots)
{
    struct trine__stack *stack = class->slabs ? trine__slab_carve(class->slabs) : NULL;
    if (!stack) {
        struct trine__slab *slab = trine__slab_new(stride, slots);
        if (!slab)
            return NULL;
        slab->next = class->slabs;
        class->slabs = slab;
        stack = trine__slab_carve(slab);
    }
    class->count++;
    class->sweep_at = (ptrdiff_t)(class->count / 4);
    return stack;
}

/* The class that fits, or LARGE. */
static int class_of(size_t size)
{
    int class = 0;
    while (class < CLASSES && class_sizes[class] < size)
        class ++;
    return class;
}

static struct trine__stack *take_idle(struct size_class *class)
{
    struct trine__stack *stack = class->idle;
    if (stack) {
        class->idle = stack->next;
        class->idle_count--;
    }
    return stack;
}

/* A large one is used again when it fits without wasting half of it. */
static struct trine__stack *take_idle_large(struct size_class *class, size_t size)
{
    for (struct trine__stack **link = &class->idle; *link; link = &(*link)->next) {
        struct trine__stack *stack = *link;
        if (stack->size >= size && stack->size / 2 <= size) {
            *link = stack->next;
            class->idle_count--;
            return stack;
        }
    }
    return NULL;
}

static __attribute__((noinline)) struct trine__stack *take_large(struct size_class *class,
                                                                 size_t size)
{
    size_t page = trine__page_size();
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + page - 1) / page * page;
    struct trine__stack *stack = take_idle_large(class, size);
    return stack ? stack : carve(class, size, 1);
}

static struct trine__stack *take_classed(struct size_class *class, size_t stride)
{
    struct trine__stack *stack = take_idle(class);
    return stack ? stack : carve(class, stride, slab_slots(class, stride));
}

int trine__stack_take(struct trine__stack_cache *cache, size_t size, struct trine__stack **ret)
{
    int number = class_of(size ? size : TRINE__STACK_DEFAULT);
    struct size_class *class = &cache->classes[number];
    struct trine__stack *stack =
        number == LARGE ? take_large(class, size) : take_classed(class, class_sizes[number]);
    if (!stack)
        return -ENOMEM;
    stack->size_class = (uint8_t)number;
    stack->trimmed = 0;
    stack->owner = NULL;
    trine__stack_root(stack);
    *ret = stack;
    return 0;
}

void trine__stack_check_canary(const struct trine__stack *stack)
{
    if (trine__guard_canary_alive((char *)stack->low - trine__page_size()))
        return;
    trine__overflow_report(stack);
    abort();
}

void trine__stack_give(struct trine__stack_cache *cache, struct trine__stack *stack)
{
    struct size_class *class = &cache->classes[stack->size_class];
    trine__stack_check(stack);
    trine__stack_unroot(stack);
    stack->next = class->idle;
    class->idle = stack;
    class->idle_count++;
}

/* All but the page of the record and the one below it. */
static struct iovec cold_pages(const struct trine__stack *stack)
{
    uintptr_t page = trine__page_size();
    uintptr_t end = ((uintptr_t)stack & ~(page - 1)) - page;
    uintptr_t low = (uintptr_t)stack->low;
    return (struct iovec){ stack->low, end > low ? end - low : 0 };
}

/* One system call for many stacks; on kernels that cannot, one each. */
static void release(const struct iovec *ranges, size_t count)
{
    if (trine__advise_many(ranges, count, MADV_DONTNEED) >= 0)
        return;
    for (size_t i = 0; i < count; i++)
        trine__advise(ranges[i].iov_base, ranges[i].iov_len, MADV_DONTNEED);
}

/* The list is last in, first out: what lies below a trimmed stack was trimmed with it. */
static void trim_class(struct size_class *class)
{
    struct iovec ranges[BATCH];
    size_t hot = 0, count = 0;
    for (struct trine__stack *stack = class->idle; stack && !stack->trimmed; stack = stack->next) {
        if (hot++ < HOT)
            continue;
        stack->trimmed = 1;
        ranges[count++] = cold_pages(stack);
        if (count == BATCH) {
            release(ranges, count);
            count = 0;
        }
    }
    if (count > 0)
        release(ranges, count);
}

/* Whether nothing of `slab` is in use. The oldest and smallest slab stays. */
static int can_go(const struct trine__slab *slab)
{
    return slab->next && slab->idle == atomic_load_explicit(&slab->carved, memory_order_relaxed);
}

static void drop_stacks(struct size_class *class)
{
    struct trine__stack **link = &class->idle;
    while (*link) {
        if (can_go((*link)->slab)) {
            *link = (*link)->next;
            class->count--;
            class->idle_count--;
        } else {
            link = &(*link)->next;
        }
    }
}

static void drop_slabs(struct size_class *class)
{
    struct trine__slab **link = &class->slabs;
    while (*link) {
        struct trine__slab *slab = *link;
        if (can_go(slab)) {
            *link = slab->next;
            trine__slab_free(slab);
        } else {
            link = &slab->next;
        }
    }
}

/* After a burst: unmaps the slabs that nobody uses any more. It looks at every cached stack, so it
 * waits until three quarters of them are idle, and then until the rest has halved. */
static void sweep(struct size_class *class)
{
    ptrdiff_t used = (ptrdiff_t)(class->count - class->idle_count);
    if (class->count < SWEEP_FROM || used > class->sweep_at)
        return;
    for (struct trine__slab *slab = class->slabs; slab; slab = slab->next)
        slab->idle = 0;
    for (struct trine__stack *stack = class->idle; stack; stack = stack->next)
        stack->slab->idle++;
    drop_stacks(class);
    drop_slabs(class);
    class->sweep_at = used ? (used - 1) / 2 : -1;
}

static void unlink_slab(struct size_class *class, struct trine__slab *slab)
{
    struct trine__slab **link = &class->slabs;
    while (*link != slab)
        link = &(*link)->next;
    *link = slab->next;
}

static void trim_large(struct size_class *class)
{
    struct trine__stack *stack;
    while ((stack = take_idle(class))) {
        struct trine__slab *slab = stack->slab;
        unlink_slab(class, slab);
        trine__slab_free(slab);
        class->count--;
    }
}

void trine__stack_cache_trim(struct trine__stack_cache *cache)
{
    for (int i = 0; i < CLASSES; i++) {
        sweep(&cache->classes[i]);
        trim_class(&cache->classes[i]);
    }
    trim_large(&cache->classes[LARGE]);
}

size_t trine__stack_cache_count(const struct trine__stack_cache *cache)
{
    size_t count = 0;
    for (int i = 0; i <= CLASSES; i++)
        count += cache->classes[i].count;
    return count;
}
