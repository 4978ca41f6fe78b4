/* SPDX-License-Identifier: MIT */
/* The way from a deadline to a time limit, which all waiting shares. */
#ifndef TRINE_SYS_DEADLINE_H
#define TRINE_SYS_DEADLINE_H

#include <stdint.h>

/* Nanoseconds until `deadline` on the monotonic clock; 0 once it has come, INT64_MAX for never. */
int64_t trine__wait_left(int64_t deadline);

#endif
