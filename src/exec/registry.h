/* SPDX-License-Identifier: MIT */
/* The functions that worker processes know: entered before main() by TRINE_JOB, found by function
 * in the parent and by name in the worker, never by a pointer that has travelled. */
#ifndef TRINE_EXEC_REGISTRY_H
#define TRINE_EXEC_REGISTRY_H

#include <stdbool.h>
#include <stdint.h>
#include <trine/executor.h>

const struct trine__job_entry *trine__registry_by_fn(trine_fn fn);
/* How many of the same name were registered before it: two files may each have their own. */
uint32_t trine__registry_namesakes(const struct trine__job_entry *entry);
const struct trine__job_entry *trine__registry_by_name(const char *name, uint32_t namesakes);
bool trine__registry_empty(void);

#endif
