/* SPDX-License-Identifier: MIT */
/* The switch in builds with AddressSanitizer or ThreadSanitizer, which must know whose stack it is.
 *
 * AddressSanitizer is told the stack gone to before each switch, and on arrival answers with the
 * one left; that is how a thread's own stack becomes known. A new fiber arrives in
 * trine__fiber_arrive(), which the first frame enters instead of the fiber's function.
 * ThreadSanitizer takes each switch for a happens-before edge, which it is. */
#ifndef TRINE_FIBER_SWITCH_SANITIZED_H
#define TRINE_FIBER_SWITCH_SANITIZED_H

#include <stddef.h>

/* Who was left by this thread's last switch. In fiber_sanitized.c. */
extern _Thread_local struct trine__fiber *trine__fiber_left;

#ifdef TRINE__ASAN
#include <sanitizer/common_interface_defs.h>
static inline void trine__asan_depart(void **fake, struct trine__fiber *to)
{
    __sanitizer_start_switch_fiber(fake, to->low, (size_t)((char *)to->high - (char *)to->low));
}

static inline void trine__asan_arrive(void *fake)
{
    const void *low;
    size_t size;
    __sanitizer_finish_switch_fiber(fake, &low, &size);
    struct trine__fiber *left = trine__fiber_left;
    if (!left->low) {
        left->low = (void *)low;
        left->high = (char *)low + size;
    }
}
#else
static inline void trine__asan_depart(void **fake, struct trine__fiber *to)
{
}

static inline void trine__asan_arrive(void *fake)
{
}
#endif

#ifdef TRINE__TSAN
#include <sanitizer/tsan_interface.h>
static inline void trine__tsan_depart(struct trine__fiber *to)
{
    __tsan_switch_to_fiber(to->tsan, 0);
}
#else
static inline void trine__tsan_depart(struct trine__fiber *to)
{
}
#endif

/* Not inline: a sanitizer gives the function around a frame that it finds by a register of its own,
 * and the swap says of all registers but rbp that they are lost. */
static __attribute__((noinline, unused)) void trine__fiber_switch(struct trine__fiber *from,
                                                                  struct trine__fiber *to)
{
    trine__fiber_left = from;
    trine__asan_depart(&from->asan_fake, to);
    trine__tsan_depart(to);
    trine__fiber_swap(&from->sp, to->sp);
    trine__asan_arrive(from->asan_fake);
}

static inline void trine__fiber_leave(struct trine__fiber *from, struct trine__fiber *to)
{
    trine__fiber_switch(from, to);
}

/* For fiber.c: a fiber comes into being, or goes. The first gives the top for the first frame, and
 * may put another function before the fiber's. */
void *trine__fiber_told(struct trine__fiber *fiber, void (**entry)(void *), void **arg);
void trine__fiber_told_thread(struct trine__fiber *fiber);
void trine__fiber_told_done(struct trine__fiber *fiber);

#endif
