/* SPDX-License-Identifier: MIT */
/* The words of an overflow report, shared by the signal handler and the canaries. */
#ifndef TRINE_FIBER_OVERFLOW_H
#define TRINE_FIBER_OVERFLOW_H

#include "stack.h"

/* One line on stderr. Safe in signal handlers. */
void trine__overflow_report(const struct trine__stack *stack);

#endif
