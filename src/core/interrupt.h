/* SPDX-License-Identifier: MIT */
/* Ctrl-C: the first cancels the first task, the second ends the program. Only where SIGINT stands
 * at its default, and for one run at a time. */
#ifndef TRINE_CORE_INTERRUPT_H
#define TRINE_CORE_INTERRUPT_H

struct trine__loop;

/* Takes SIGINT over for the first task of `loop`, if it is free to take. */
void trine__interrupt_open(struct trine__loop *loop);
void trine__interrupt_close(struct trine__loop *loop);
/* Once a turn: has it come? */
void trine__interrupt_check(struct trine__loop *loop);

#endif
