/* SPDX-License-Identifier: MIT */
/* Time: int64_t nanoseconds on the monotonic clock, which no change of the wall clock moves.
 * Python: time.monotonic(), asyncio.sleep(). */
#ifndef TRINE_TIME_H
#define TRINE_TIME_H

#include <stdint.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRINE_NANOSECONDS(n)  ((int64_t)(n))
#define TRINE_MICROSECONDS(n) ((int64_t)((n)*1000LL))
#define TRINE_MILLISECONDS(n) ((int64_t)((n)*1000000LL))
#define TRINE_SECONDS(n)      ((int64_t)((n)*1000000000LL))
/* No limit. As an option, 0 also means no limit; as a length of a scope, 0 means "try once, then
 * fail". */
#define TRINE_FOREVER INT64_MAX

/* Now. Virtual where the loop's time is simulated.
 * Threads: any. */
TRINE_PUBLIC int64_t trine_now(void);
/* The moment `duration` from now; TRINE_FOREVER where that is beyond all time. */
TRINE_PUBLIC int64_t trine_after(int64_t duration);

/* Sleeps for `duration`, never less; the loop may add up to 50 us, so that sleeps which end close
 * together cost one wake. 0 or less is one turn of the loop.
 *
 * Waits:   this task (a plain thread blocks). A cancel ends the sleep early; nothing is lost.
 * Errors:  -ECANCELED, -ETIMEDOUT (the scope's deadline came first), -EDEADLK in a loop's own
 *          thread. */
TRINE_PUBLIC int trine_sleep(int64_t duration);
TRINE_PUBLIC int trine_sleep_until(int64_t when);

/* Lets every other ready task run once. In a plain thread: sched_yield().
 * Errors:  -ECANCELED, -ETIMEDOUT. */
TRINE_PUBLIC int trine_yield(void);

#ifdef __cplusplus
}
#endif
#endif
