/* SPDX-License-Identifier: MIT */
#include "exec/registry.h"
#include <stdatomic.h>
#include <string.h>

static _Atomic(struct trine__job_entry *) entries;

/* Before main(), or when a library is loaded. */
void trine__job_register(struct trine__job_entry *entry)
{
    entry->next = atomic_load(&entries);
    while (!atomic_compare_exchange_weak(&entries, &entry->next, entry))
        ;
}

const struct trine__job_entry *trine__registry_by_fn(trine_fn fn)
{
    const struct trine__job_entry *entry = atomic_load(&entries);
    while (entry != NULL && entry->fn != fn)
        entry = entry->next;
    return entry;
}

const struct trine__job_entry *trine__registry_by_name(const char *name)
{
    const struct trine__job_entry *entry = atomic_load(&entries);
    while (entry != NULL && strcmp(entry->name, name) != 0)
        entry = entry->next;
    return entry;
}

bool trine__registry_empty(void)
{
    return atomic_load(&entries) == NULL;
}
