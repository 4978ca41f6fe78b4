/* SPDX-License-Identifier: MIT */
/* Task-local values: one name, a value for each task. Python: contextvars.
 *
 *     static struct trine_local request_id = TRINE_LOCAL_INIT("none");
 *
 *     trine_local_set(&request_id, "17");
 *     trine_spawn(&group, handle, NULL);        (handle and all below it see "17")
 *
 * A task begins with the values that whoever spawned it had at that moment; from then on neither
 * sees what the other sets. The first task of trine_run() begins with its thread's. Plain threads
 * have values of their own; a new thread, and jobs in pools, begin with the defaults. A generator's
 * body has those of whoever runs it.
 *
 * Values are borrowed: they have to live for as long as any task that inherited them. */
#ifndef TRINE_LOCAL_H
#define TRINE_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A name is the address of this object, which must stay: make it static. */
struct trine_local {
    void *fallback; /* where nothing was set */
};
#define TRINE_LOCAL_INIT(fallback)                                                                 \
    {                                                                                              \
        (void *)(fallback)                                                                         \
    }

/* What to go back to. */
struct trine_local_token {
    struct trine_local *local; /* all private */
    void *before;
    bool was_set;
};

/* The value here, or the fallback. Never waits. In a loop's thread outside tasks: the thread's. */
TRINE_PUBLIC void *trine_local_get(const struct trine_local *local);
/* Sets the value here. -ENOMEM: it is as before. */
TRINE_PUBLIC int trine_local_set(struct trine_local *local, void *value);
/* The same, and tells how to go back. *ret_token is untouched on failure. */
TRINE_PUBLIC int trine_local_swap(struct trine_local *local, void *value,
                                  struct trine_local_token *ret_token);
/* Goes back to what was before that swap, in the task that made it; in the reverse order where one
 * value was swapped twice. -ENOMEM: the value is as before; only possible if a task was spawned
 * since the last change here. */
TRINE_PUBLIC int trine_local_reset(const struct trine_local_token *token);

#ifdef __cplusplus
}
#endif
#endif
