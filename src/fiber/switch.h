/* SPDX-License-Identifier: MIT */
/* What a port provides, in switch_CPU.S. Hidden there too, so that no call goes through a table. */
#ifndef TRINE_FIBER_SWITCH_CPU_H
#define TRINE_FIBER_SWITCH_CPU_H

#include <stdint.h>

/* The control words a process starts with. */
#ifdef __x86_64__
#define TRINE__FIBER_WORDS ((uint64_t)0x037f << 32 | 0x1f80)
#else
#define TRINE__FIBER_WORDS ((uint64_t)0)
#endif

#pragma GCC visibility push(hidden)

/* void trine__fiber_swap(void **save_sp, void *load_sp): saves the running code on its stack and
 * the stack pointer in *save_sp; goes on at load_sp. Inline where the port has such a form. */
#ifdef __x86_64__
#define TRINE__FIBER_BEGINS_AGAIN 1
#include "swap_x86_64.h"
#else
#define TRINE__FIBER_BEGINS_AGAIN 0
void trine__fiber_swap(void **save_sp, void *load_sp);
#endif

/* Lays out a first frame below `high`, so that a swap to it calls entry(arg) with these
 * floating-point control words. Returns its stack pointer. */
void *trine__fiber_frame(void *high, void (*entry)(void *arg), void *arg, uint64_t words);
/* The floating-point control words of this thread now. */
uint64_t trine__fiber_words(void);
/* Whether this thread runs with a shadow stack. */
int trine__fiber_shadow(void);

#pragma GCC visibility pop

#endif
