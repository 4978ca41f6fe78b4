/* SPDX-License-Identifier: MIT */
/* Callbacks on futures: waiting without a stack. */
#ifndef TRINE_CORE_CALLBACK_H
#define TRINE_CORE_CALLBACK_H

#include "core/future.h"

struct trine__loop;

/* Runs the callbacks whose adder has no loop, in order, in the completing thread. No lock is held. */
void trine__callbacks_run(struct trine_future *future, struct trine__waiter *late);
/* The loop ends: takes back every callback that would have run on it. */
void trine__callbacks_drop(struct trine__loop *loop);

#endif
