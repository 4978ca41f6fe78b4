/* SPDX-License-Identifier: MIT */
/* Numbers for those who cancel. A program has few places that spawn tasks, and each whose tasks
 * ever cancelled another one gets a number, once and for good: an entry is written once, and only
 * compared after its number is out. Without memory, since a cancel must not fail; in a program
 * with more places than there are entries the rest is unknown. */
#include "core/canceller.h"
#include <stddef.h>

#define PLACES 1024 /* a power of 2 */

static const char *sites[PLACES];

uint16_t trine__canceller_number(const char *site)
{
    size_t start = (size_t)((uintptr_t)site * UINT64_C(0x9e3779b97f4a7c15) >> 32);
    for (size_t i = 0; i < PLACES; i++) {
        size_t place = (start + i) % PLACES;
        const char *there = __atomic_load_n(&sites[place], __ATOMIC_ACQUIRE);
        if (there == NULL && __atomic_compare_exchange_n(&sites[place], &there, site, false,
                                                         __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            return (uint16_t)(place + 1);
        if (there == site)
            return (uint16_t)(place + 1);
    }
    return TRINE__CANCELLER_UNKNOWN;
}

const char *trine__canceller_site(const struct trine__context *context)
{
    uint16_t number = __atomic_load_n(&context->cancelled_by, __ATOMIC_ACQUIRE);
    if (number == 0 || number == TRINE__CANCELLER_UNKNOWN)
        return NULL;
    return __atomic_load_n(&sites[number - 1], __ATOMIC_ACQUIRE);
}
