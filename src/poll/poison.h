/* SPDX-License-Identifier: MIT */
/* What ASan cannot see: the kernel writing through a ring (or a call that the sanitizer does not
 * know) into a buffer that is too small. In sanitizer builds the buffer is looked at when it is
 * submitted; elsewhere this is nothing. */
#ifndef TRINE_POLL_POISON_H
#define TRINE_POLL_POISON_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
/* Touches the first bad byte, so that ASan itself reports it with the stack of the submitter. */
static inline void trine__poison_check(const void *buf, size_t len)
{
    const volatile char *bad = __asan_region_is_poisoned((void *)buf, len);
    if (bad != NULL)
        (void)*bad;
}
#else
static inline void trine__poison_check(const void *buf, size_t len)
{
}
#endif

#endif
