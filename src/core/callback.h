/* SPDX-License-Identifier: MIT */
/* Callbacks on futures: waiting without a stack. */
#ifndef TRINE_CORE_CALLBACK_H
#define TRINE_CORE_CALLBACK_H

#include "core/future.h"

struct trine__loop;

/* Runs the callbacks whose adder has no loop, in order, in the completing thread. No lock is held.
 */
void trine__callbacks_run(struct trine_future *future, struct trine__waiter *late);
/* The future goes while it is pending: frees callbacks whose adder has no loop (the others keep
 * it). */
void trine__callbacks_forget(struct trine__waiter *first);
/* The loop ends: takes back every callback that would have run on it. */
void trine__callbacks_drop(struct trine__loop *loop);

#endif
