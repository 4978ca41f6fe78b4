/* SPDX-License-Identifier: MIT */
/* Telling Valgrind where one stack ends and the next begins, and LeakSanitizer that a stack in use
 * may hold the only pointer to a block. Nothing in builds without them. */
#ifndef TRINE_FIBER_STACK_WATCH_H
#define TRINE_FIBER_STACK_WATCH_H

#include "fiber.h"
#include "stack.h"

#ifdef TRINE__HAVE_VALGRIND
#include <valgrind/valgrind.h>
/* For as long as the slot exists. */
static inline void trine__stack_watch(struct trine__stack *stack)
{
    stack->checker_id = (uint32_t)VALGRIND_STACK_REGISTER(stack->low, stack);
}

static inline void trine__stack_unwatch(struct trine__stack *stack)
{
    if (RUNNING_ON_VALGRIND)
        VALGRIND_STACK_DEREGISTER(stack->checker_id);
}
#else
static inline void trine__stack_watch(struct trine__stack *stack)
{
}

static inline void trine__stack_unwatch(struct trine__stack *stack)
{
}
#endif

#ifdef TRINE__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
static inline size_t trine__stack_room(const struct trine__stack *stack)
{
    return (size_t)((const char *)stack - (const char *)stack->low);
}

/* Red zones of frames that stood at these addresses before are forgotten. */
static inline void trine__stack_fresh(void *base, size_t size)
{
    __asan_unpoison_memory_region(base, size);
}

/* While the stack is taken. The guard stays out: LeakSanitizer reads all of a root region. Red
 * zones of frames that its last fiber left for ever are forgotten. */
static inline void trine__stack_root(struct trine__stack *stack)
{
    __asan_unpoison_memory_region(stack->low, trine__stack_room(stack));
    __lsan_register_root_region(stack->low, trine__stack_room(stack));
}

static inline void trine__stack_unroot(struct trine__stack *stack)
{
    __lsan_unregister_root_region(stack->low, trine__stack_room(stack));
}
#else
static inline void trine__stack_fresh(void *base, size_t size)
{
}

static inline void trine__stack_root(struct trine__stack *stack)
{
}

static inline void trine__stack_unroot(struct trine__stack *stack)
{
}
#endif

#endif
