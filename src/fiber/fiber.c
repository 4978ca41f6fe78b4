/* SPDX-License-Identifier: MIT */
/* The beginnings and ends of fibers; the switch itself is assembly. */
#include "fiber.h"

#include <errno.h>

/* The floating-point control words a new fiber begins with: those its thread had when it began to
 * run fibers, not those of whichever fiber happens to start it. */
static _Thread_local uint64_t initial_words __attribute__((tls_model("initial-exec"))) =
    TRINE__FIBER_WORDS;

int trine__fiber_supported(void)
{
    return trine__fiber_shadow() ? -ENOTSUP : 0;
}

void trine__fiber_init(struct trine__fiber *fiber, void *low, void *high, void (*entry)(void *arg),
                       void *arg)
{
    fiber->low = low;
    fiber->high = high;
    void *top = trine__fiber_told(fiber, &entry, &arg);
    fiber->sp = trine__fiber_frame(top, entry, arg, initial_words);
}

void trine__fiber_init_thread(struct trine__fiber *fiber)
{
    *fiber = (struct trine__fiber){ 0 };
    initial_words = trine__fiber_words();
    trine__fiber_told_thread(fiber);
}

void trine__fiber_done(struct trine__fiber *fiber)
{
    trine__fiber_told_done(fiber);
}
