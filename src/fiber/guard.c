/* SPDX-License-Identifier: MIT */
/* Three ways to guard a page, best first.
 *
 *   light     MADV_GUARD_INSTALL: a fault like any other, but no map of its own; many in one call.
 *   mprotect  splits the mapping: two maps a stack, of which the kernel allows a process some
 * 65,000. All of Trine together takes at most half of them. canary    the page stays as the kernel
 * gave it, all zero, and is looked at when the stack is given back. Looking maps the shared zero
 * page, so it costs no memory. Overflow is noticed late and not for certain, which is why it comes
 * last. */
#include "guard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "sys/sys.h"

#define ADVISE_GUARD_INSTALL 102 /* MADV_GUARD_INSTALL, Linux 6.13; not yet in libc's headers */
/* In one call. Their list lies on whatever stack runs: with more than these, deep enough to touch a
 * second page of every 64th task's. */
#define BATCH 32

static _Atomic int best_way = TRINE__GUARD_LIGHT;
static _Atomic int light_proved;
static _Atomic int light_one_by_one; /* process_madvise is not there, as under Valgrind */
static _Atomic size_t protected_pages;
static _Atomic size_t protect_budget; /* 0: not known yet */

size_t trine__page_size(void)
{
    static _Atomic size_t known;
    size_t size = atomic_load_explicit(&known, memory_order_relaxed);
    if (!size) {
        size = getauxval(AT_PAGESZ);
        atomic_store_explicit(&known, size, memory_order_relaxed);
    }
    return size;
}

void trine__guard_limit(enum trine__guard best, size_t budget)
{
    atomic_store(&best_way, best);
    atomic_store(&protect_budget, budget);
}

static void light_is_useless(void)
{
    int expected = TRINE__GUARD_LIGHT;
    atomic_compare_exchange_strong(&best_way, &expected, TRINE__GUARD_MPROTECT);
}

/* Emulators and sandboxes may accept advice they do not know. So the first guard is tried once, by
 * asking the kernel to write there. */
static int light_holds(char *page)
{
    if (atomic_load_explicit(&light_proved, memory_order_relaxed))
        return 1;
    int fd = trine__sys_openat(AT_FDCWD, "/dev/zero", O_RDONLY, 0);
    if (fd >= 0) {
        ssize_t wrote = trine__sys_read(fd, page, 1);
        trine__sys_close(fd);
        if (wrote > 0) {
            light_is_useless();
            return 0;
        }
    }
    atomic_store(&light_proved, 1);
    return 1;
}

/* Many in one call; returns how many. */
static size_t light_many(char *first, size_t stride, size_t count)
{
    struct iovec pages[BATCH];
    size_t page = trine__page_size();
    if (atomic_load_explicit(&light_one_by_one, memory_order_relaxed))
        return 0;
    if (count > BATCH)
        count = BATCH;
    for (size_t i = 0; i < count; i++)
        pages[i] = (struct iovec){ first + i * stride, page };
    ssize_t advised = trine__advise_many(pages, count, ADVISE_GUARD_INSTALL);
    if (advised == -ENOSYS)
        atomic_store(&light_one_by_one, 1);
    return advised > 0 ? (size_t)advised / page : 0;
}

static size_t light_one(char *first)
{
    int err = trine__advise(first, trine__page_size(), ADVISE_GUARD_INSTALL);
    if (err == -EINVAL) /* the kernel has never heard of it: do not ask again */
        light_is_useless();
    return err == 0;
}

static size_t light(char *first, size_t stride, size_t count)
{
    size_t done = light_many(first, stride, count);
    if (!done)
        done = light_one(first);
    return done && light_holds(first) ? done : 0;
}

/* vm.max_map_count counts maps, a guard makes two, and half of them is our share. */
static size_t budget_from_kernel(void)
{
    char text[32] = "65530";
    int fd = trine__sys_openat(AT_FDCWD, "/proc/sys/vm/max_map_count", O_RDONLY, 0);
    if (fd >= 0) {
        ssize_t len = trine__sys_read(fd, text, sizeof text - 1);
        if (len > 0)
            text[len] = 0;
        trine__sys_close(fd);
    }
    size_t maps = strtoul(text, NULL, 10);
    return maps / 4 > 0 ? maps / 4 : 1;
}

static size_t protect(char *first)
{
    size_t budget = atomic_load(&protect_budget);
    if (!budget) {
        budget = budget_from_kernel();
        atomic_store(&protect_budget, budget);
    }
    if (atomic_fetch_add(&protected_pages, 1) < budget &&
        trine__protect(first, trine__page_size(), PROT_NONE) == 0)
        return 1;
    atomic_fetch_sub(&protected_pages, 1);
    return 0;
}

size_t trine__guard_install(char *first, size_t stride, size_t count, enum trine__guard *ret)
{
    size_t done = 0;
    if (atomic_load_explicit(&best_way, memory_order_relaxed) == TRINE__GUARD_LIGHT &&
        (done = light(first, stride, count)) > 0) {
        *ret = TRINE__GUARD_LIGHT;
        return done;
    }
    if (atomic_load_explicit(&best_way, memory_order_relaxed) <= TRINE__GUARD_MPROTECT &&
        (done = protect(first)) > 0) {
        *ret = TRINE__GUARD_MPROTECT;
        return done;
    }
    *ret = TRINE__GUARD_CANARY;
    return 1;
}

void trine__guard_forget(size_t count)
{
    atomic_fetch_sub(&protected_pages, count);
}

int trine__guard_canary_alive(const void *page)
{
    const char *bytes = page;
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, trine__page_size() - 1) == 0;
}
