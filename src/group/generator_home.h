/* SPDX-License-Identifier: MIT */
/* Where a generator lives once it has begun: a thread, and a loop of it or none. Its stack is from
 * there, and there it is closed if nobody else does. */
#ifndef TRINE_GROUP_GENERATOR_HOME_H
#define TRINE_GROUP_GENERATOR_HOME_H

#include "base/error.h"
#include "base/list.h"
#include "core/loop.h"
#include <trine/generator.h>

enum trine__generator_state {
    TRINE__GENERATOR_UNSTARTED,
    TRINE__GENERATOR_SUSPENDED,
    TRINE__GENERATOR_RUNNING, /* or parked, or stepping another one */
    TRINE__GENERATOR_FINISHED
};

struct trine__generator_home;

struct trine_generator {
    struct trine__strand strand;
    struct trine__stack *stack; /* NULL before its first step and after its last */
    struct trine__owner owner;
    struct trine__strand *caller; /* who took the step that runs */
    struct trine__strand **slot;  /* where the caller's strand stands written */
    struct trine_scope *scope;    /* the innermost one when the step began */
    void *value, *sent;
    int thrown, outcome;
    uint8_t state; /* enum trine__generator_state */
    bool closing;
    struct trine__loop *loop; /* NULL: a plain thread's */
    struct trine__generator_home *home;
    struct trine_generator *next, *prev; /* begun and not finished, in the home */
    trine_generator_fn fn;
    void *arg;
};

/* Gives it a stack here, on which main(generator) runs next. -ENOMEM, -ENOTSUP. */
int trine__generator_bind(struct trine_generator *generator, void (*main)(void *generator));
/* Its body has returned: gives the stack back. */
void trine__generator_unbind(struct trine_generator *generator);
bool trine__generator_at_home(const struct trine_generator *generator);
/* Which stack the thread's code outside tasks runs on. */
struct trine__strand **trine__generator_thread_strand(void);
/* Its run or thread ends. In generator.c. */
void trine__generator_abandon(struct trine_generator *generator);

#endif
