/* SPDX-License-Identifier: MIT */
/* A stack and a jump.
 *
 * A fiber is a saved place in some code: a stack pointer whose stack holds the callee-saved
 * registers below the address to go on at. trine__fiber_switch() saves here and goes on there; it
 * is symmetric, costs no system call and ends in a jump (a `ret` would mislead the return
 * predictor, about 7 ns). The fiber knows no task, no loop, no scheduling. Sanitizers and Valgrind
 * are told about switches here and nowhere else.
 *
 * Reference: System V AMD64 ABI 3.2.1 (MXCSR control bits and the x87 control word are
 * callee-saved), AAPCS64 6.1 (x19-x29, d8-d15). */
#ifndef TRINE_FIBER_FIBER_H
#define TRINE_FIBER_FIBER_H

#include <stddef.h>
#include <stdint.h>

struct trine__fiber {
    void *sp;         /* saved stack pointer while not running */
    void *low, *high; /* bounds of its stack; NULL for a thread's own stack until known */
    void *asan_fake;  /* AddressSanitizer's fake stack */
    void *tsan;       /* ThreadSanitizer's fiber */
};

/* 0, or -ENOTSUP when this thread runs with a shadow stack (x86-64 SHSTK, AArch64 GCS): a switch
 * would end it at the next return. Ask once before the first fiber. */
int trine__fiber_supported(void);
/* Makes `fiber` begin in entry(arg) on [low, high) at its first switch. entry must not return. */
void trine__fiber_init(struct trine__fiber *fiber, void *low, void *high, void (*entry)(void *arg),
                       void *arg);
/* Makes `fiber` stand for the calling thread as it runs now, so that others can switch back to it.
 */
void trine__fiber_init_thread(struct trine__fiber *fiber);
/* Ends a fiber that will never be resumed; its stack may be used again. Not the running one, and
 * not one made by trine__fiber_init_thread(), which ends with its thread. */
void trine__fiber_done(struct trine__fiber *fiber);

/* Saves the running code in `from` and goes on in `to`. Returns when somebody switches back; the
 * last switch out of a fiber never does. */
static void trine__fiber_switch(struct trine__fiber *from, struct trine__fiber *to);
/* The same for code that has nothing to come back to. The next switch to `from` either begins it
 * anew, entry(arg), or returns here; it must be right both ways. The first is cheaper, and done
 * where the port can and no tool watches. */
static inline void trine__fiber_leave(struct trine__fiber *from, struct trine__fiber *to);

#include "fiber_switch.h" /* the inline function; plain or with sanitizer hooks */

#endif
