/* SPDX-License-Identifier: MIT */
/* This process and those that descend from it, as /proc knows them. */
#ifndef TRINE_CLI_COMPARE_FAMILY_H
#define TRINE_CLI_COMPARE_FAMILY_H

#include <stdint.h>
#include <sys/types.h>

/* The sum, in KiB, of the peak memory of this process and each living descendant. A page that two
 * of them share counts twice. */
int64_t trine__family_peak_kib(void);
/* How long the first thread has been ready to run while others had the processor. */
int64_t trine__family_starved_ns(void);
/* Kills and reaps every child until none is left; with orphans adopted, that is every descendant.
 */
void trine__family_end(void);

#endif
