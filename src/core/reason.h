/* SPDX-License-Identifier: MIT */
/* Why code is being cancelled, and who does it: noted by scope.c as it cancels, told to whoever
 * asks while unwinding. */
#ifndef TRINE_CORE_REASON_H
#define TRINE_CORE_REASON_H

#include "core/context.h"

/* Notes `reason` and whoever runs here as the one who cancels `scope`. The first to cancel counts.
 * From any thread. */
void trine__reason_give(struct trine_scope *scope, const char *reason);
/* The same for a context that is cancelled itself: this makes it so. */
void trine__reason_give_self(struct trine__context *context);
const char *trine__reason_of(const struct trine_scope *scope);

#endif
