/* SPDX-License-Identifier: MIT */
/* Everything is blocked: with simulated time the loop knows, and says who waits for what. */
#ifndef TRINE_CORE_DEADLOCK_H
#define TRINE_CORE_DEADLOCK_H

struct trine__loop;

/* Reports each parked task of the loop's tree with what it waits for. */
void trine__deadlock_report(struct trine__loop *loop);
/* It is so although the first task was cancelled, behind shields: every wait fails with -EDEADLK.
 */
void trine__deadlock_break(struct trine__loop *loop);

#endif
