/* SPDX-License-Identifier: MIT */
/* The switch with no tool to tell about it. */
#ifndef TRINE_FIBER_SWITCH_PLAIN_H
#define TRINE_FIBER_SWITCH_PLAIN_H

static inline __attribute__((always_inline)) void trine__fiber_switch(struct trine__fiber *from,
                                                                      struct trine__fiber *to)
{
    trine__fiber_swap(&from->sp, to->sp);
}

#if TRINE__FIBER_BEGINS_AGAIN
static inline __attribute__((always_inline)) void trine__fiber_leave(struct trine__fiber *from,
                                                                     struct trine__fiber *to)
{
    from->sp = trine__fiber_first_frame(from->high);
    trine__fiber_jump(to->sp);
}
#else
static inline void trine__fiber_leave(struct trine__fiber *from, struct trine__fiber *to)
{
    trine__fiber_switch(from, to);
}
#endif

/* For fiber.c: a fiber comes into being, or goes. */
static inline void *trine__fiber_told(struct trine__fiber *fiber, void (**entry)(void *),
                                      void **arg)
{
    return fiber->high;
}

static inline void trine__fiber_told_thread(struct trine__fiber *fiber)
{
}

static inline void trine__fiber_told_done(struct trine__fiber *fiber)
{
}

#endif
