/* SPDX-License-Identifier: MIT */
/* Memory for jobs. A job is made in one thread, written by another and freed, as a rule, in the
 * first again, by the thousand: each thread keeps the small ones it frees, so that neither the
 * allocator's locks nor cold memory are met on the way. Two cache lines, which processors fetch as
 * a pair, are the unit. */
#ifndef TRINE_EXEC_JOB_MEMORY_H
#define TRINE_EXEC_JOB_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* *ret_block is to be given back with the memory. NULL: no memory. */
void *trine__job_memory_take(size_t size, uint32_t *ret_block);
void trine__job_memory_give(void *memory, uint32_t block);

#endif
