/* SPDX-License-Identifier: MIT */
/* The values of a context: a table that is shared as it is and copied when somebody sets. One
 * reference for each context that has it, so that a spawn costs one count and nothing if no value
 * was ever set. */
#ifndef TRINE_CORE_LOCAL_H
#define TRINE_CORE_LOCAL_H

struct trine__locals;

struct trine__locals *trine__locals_ref(struct trine__locals *locals);
void trine__locals_unref(struct trine__locals *locals); /* accepts NULL */
/* Those of whoever runs here, borrowed; NULL: none. */
struct trine__locals *trine__locals_here(void);

#endif
