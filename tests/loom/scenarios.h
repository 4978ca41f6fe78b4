/* SPDX-License-Identifier: MIT */
/* The scenarios that the explorer runs. Each is a handful of calls whose every order is tried, and
 * what must hold after any of them. */
#ifndef TRINE_TESTS_LOOM_SCENARIOS_H
#define TRINE_TESTS_LOOM_SCENARIOS_H

#include "base/list.h"
#include "explorer.h"
#include <errno.h>
#include <trine.h>

extern const struct loom_scenario loom_core[], loom_sync[], loom_queue[], loom_mutex[];
extern const size_t loom_core_count, loom_sync_count, loom_queue_count, loom_mutex_count;

#endif
