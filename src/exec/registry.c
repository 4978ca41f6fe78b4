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

static const struct trine__job_entry *next_of_name(const struct trine__job_entry *entry,
                                                   const char *name)
{
    while (entry != NULL && strcmp(entry->name, name) != 0)
        entry = entry->next;
    return entry;
}

uint32_t trine__registry_namesakes(const struct trine__job_entry *entry)
{
    uint32_t older = 0;
    const struct trine__job_entry *other = entry;
    while ((other = next_of_name(other->next, entry->name)) != NULL)
        older++;
    return older;
}

const struct trine__job_entry *trine__registry_by_name(const char *name, uint32_t namesakes)
{
    const struct trine__job_entry *entry = next_of_name(atomic_load(&entries), name);
    while (entry != NULL && trine__registry_namesakes(entry) != namesakes)
        entry = next_of_name(entry->next, name);
    return entry;
}

bool trine__registry_empty(void)
{
    return atomic_load(&entries) == NULL;
}
