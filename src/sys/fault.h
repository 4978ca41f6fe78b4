/* SPDX-License-Identifier: MIT */
/* Faults on demand: the plan that makes the k-th call through the seam fail.
 *
 * A plan is text, from TRINE_FAULT or from trine__fault_plan():
 *
 *     count                    count only; the totals are printed to stderr at exit
 *     fail:K                   the K-th fallible call (from 1) fails, with its default errno
 *     fail:K+                  the K-th and every later one fails
 *     short:K, short:K+        the K-th transfer of more than 1 byte moves 1 byte; files, pipes and
 *                              stream sockets only, as the kernel never cuts messages or counters
 *     ...:op=NAME              count only calls of NAME (alloc, map, read, write, socket, accept,
 * ...)
 *     ...:errno=NAME           fail with that errno (ENOMEM, EIO, EMFILE, ...) or number
 *
 * EINTR strikes once even with K+: nothing is interrupted for ever. Close closes even when it
 * fails. Several plans are joined by commas; each counts for itself. Counting is atomic: with one
 * thread it repeats exactly. The cost while no plan is set is one load and a branch never taken. */
#ifndef TRINE_SYS_FAULT_H
#define TRINE_SYS_FAULT_H

#include <stdint.h>

/* Sets the plan; NULL or "" takes it away and clears the counts. -EINVAL on text that is not a
 * plan. */
int trine__fault_plan(const char *plan);
/* Fallible calls since the plan was set, all operations; by name below (0 for an unknown name). */
uint64_t trine__fault_calls(void);
uint64_t trine__fault_calls_of(const char *operation);
/* How often a plan made a call fail or shortened one since it was set. */
uint64_t trine__fault_hits(void);

#endif
