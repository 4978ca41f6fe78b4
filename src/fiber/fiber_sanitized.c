/* SPDX-License-Identifier: MIT */
/* What the sanitizers are told when fibers begin and end. Empty in other builds. */
#include "fiber.h"

#if defined(TRINE__ASAN) || defined(TRINE__TSAN)

_Thread_local struct trine__fiber *trine__fiber_left;

/* What the fiber was asked to run, kept at the very top of its stack. */
struct first_call {
    void (*entry)(void *arg);
    void *arg;
};

static void arrive(void *first)
{
    trine__asan_arrive(NULL);
    struct first_call *call = first;
    call->entry(call->arg);
}

#ifdef TRINE__ASAN
#include <sanitizer/asan_interface.h>
/* Frames left for ever on a stack used before still have their red zones. */
static void forget_frames(struct trine__fiber *fiber)
{
    __asan_unpoison_memory_region(fiber->low, (size_t)((char *)fiber->high - (char *)fiber->low));
}
#else
static void forget_frames(struct trine__fiber *fiber)
{
}
#endif

#ifdef TRINE__TSAN
static void *new_tsan(void)
{
    return __tsan_create_fiber(0);
}

static void *current_tsan(void)
{
    return __tsan_get_current_fiber();
}

static void free_tsan(void *tsan)
{
    __tsan_destroy_fiber(tsan);
}
#else
static void *new_tsan(void)
{
    return NULL;
}

static void *current_tsan(void)
{
    return NULL;
}

static void free_tsan(void *tsan)
{
}
#endif

void *trine__fiber_told(struct trine__fiber *fiber, void (**entry)(void *), void **arg)
{
    forget_frames(fiber);
    fiber->asan_fake = NULL;
    fiber->tsan = new_tsan();
    struct first_call *call = (void *)(((uintptr_t)fiber->high & ~(uintptr_t)15) - sizeof *call);
    *call = (struct first_call){ *entry, *arg };
    *entry = arrive;
    *arg = call;
    return call;
}

void trine__fiber_told_thread(struct trine__fiber *fiber)
{
    fiber->tsan = current_tsan();
}

void trine__fiber_told_done(struct trine__fiber *fiber)
{
    free_tsan(fiber->tsan);
}

#endif
