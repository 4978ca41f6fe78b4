/* SPDX-License-Identifier: MIT */
/* The functions that worker processes know: entered before main() by TRINE_JOB, found by function
 * in the parent and by name in the worker, never by a pointer that has travelled. */
#ifndef TRINE_EXEC_REGISTRY_H
#define TRINE_EXEC_REGISTRY_H

#include <stdbool.h>
#include <trine/executor.h>

const struct trine__job_entry *trine__registry_by_fn(trine_fn fn);
const struct trine__job_entry *trine__registry_by_name(const char *name);
bool trine__registry_empty(void);

#endif
