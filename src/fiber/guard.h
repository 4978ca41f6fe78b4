/* SPDX-License-Identifier: MIT */
/* Guards: what stands below a stack so that running over its end is noticed. */
#ifndef TRINE_FIBER_GUARD_H
#define TRINE_FIBER_GUARD_H

#include <stddef.h>

#include "stack.h"

/* Guards the first page of up to `count` slots from `first`, `stride` bytes apart, all of them in
 * one way. Returns how many (at least one) and tells the way. Pages must be fresh. */
size_t trine__guard_install(char *first, size_t stride, size_t count, enum trine__guard *ret);
/* Accounts for `count` mprotect guards that went with their mapping. */
void trine__guard_forget(size_t count);
/* Whether the canary page at `page` is still what it was. */
int trine__guard_canary_alive(const void *page);

size_t trine__page_size(void);

/* Test only: the best way to try from now on, and how many mprotect guards the process may have
 * (0: by vm.max_map_count). */
void trine__guard_limit(enum trine__guard best, size_t protect_budget);

#endif
