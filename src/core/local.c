/* SPDX-License-Identifier: MIT */
#include "core/local.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "sys/sys.h"
#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <trine/local.h>

struct entry {
    const struct trine_local *local;
    void *value;
};

struct trine__locals {
    _Atomic(uint32_t) refs;
    size_t count;
    struct entry entries[];
};

/* ---- tables */

struct trine__locals *trine__locals_ref(struct trine__locals *locals)
{
    atomic_fetch_add_explicit(&locals->refs, 1, memory_order_relaxed);
    return locals;
}

void trine__locals_unref(struct trine__locals *locals)
{
    if (locals != NULL && atomic_fetch_sub_explicit(&locals->refs, 1, memory_order_acq_rel) == 1)
        trine__free(locals);
}

static struct entry *find(struct trine__locals *locals, const struct trine_local *local)
{
    for (size_t i = 0; locals != NULL && i < locals->count; i++) {
        if (locals->entries[i].local == local)
            return &locals->entries[i];
    }
    return NULL;
}

/* A table of nobody else with room for one more entry. NULL: no memory. */
static struct trine__locals *copy(const struct trine__locals *locals)
{
    size_t count = locals != NULL ? locals->count : 0;
    struct trine__locals *own = trine__alloc(sizeof *own + (count + 1) * sizeof own->entries[0]);
    if (own == NULL)
        return NULL;
    atomic_init(&own->refs, 1);
    own->count = count;
    if (count > 0)
        memcpy(own->entries, locals->entries, count * sizeof own->entries[0]);
    return own;
}

/* ---- here */

/* Where nobody can run tasks, the thread speaks for itself. */
static struct trine__locals **table_here(void)
{
    struct trine__context *context = trine__here();
    return context != NULL ? &context->locals : &trine__thread_here.context.locals;
}

struct trine__locals *trine__locals_here(void)
{
    return *table_here();
}

/* Makes the table here one that may be written, and that has an entry for `local`, or room for
 * one. NULL: no memory. */
static struct trine__locals *own_table(const struct trine_local *local)
{
    struct trine__locals **here = table_here(), *table = *here;
    bool ours = table != NULL && atomic_load_explicit(&table->refs, memory_order_acquire) == 1;
    if (ours && find(table, local) != NULL)
        return table;
    if (here == &trine__thread_here.context.locals)
        trine__thread_attend_end();
    struct trine__locals *own = copy(table);
    if (own == NULL)
        return NULL;
    trine__locals_unref(table);
    return *here = own;
}

void *trine_local_get(const struct trine_local *local)
{
    const struct entry *entry = find(*table_here(), local);
    return entry != NULL ? entry->value : local->fallback;
}

int trine_local_set(struct trine_local *local, void *value)
{
    struct trine__locals *table = own_table(local);
    if (table == NULL)
        return -ENOMEM;
    struct entry *entry = find(table, local);
    if (entry == NULL)
        entry = &table->entries[table->count++];
    *entry = (struct entry){ local, value };
    return 0;
}

int trine_local_swap(struct trine_local *local, void *value, struct trine_local_token *ret_token)
{
    const struct entry *entry = find(*table_here(), local);
    struct trine_local_token token = { local, entry != NULL ? entry->value : NULL, entry != NULL };
    int error = trine_local_set(local, value);
    if (error == 0)
        *ret_token = token;
    return error;
}

int trine_local_reset(const struct trine_local_token *token)
{
    if (token->was_set)
        return trine_local_set(token->local, token->before);
    if (find(*table_here(), token->local) == NULL)
        return 0;
    struct trine__locals *table = own_table(token->local);
    if (table == NULL)
        return -ENOMEM;
    *find(table, token->local) = table->entries[--table->count];
    return 0;
}
