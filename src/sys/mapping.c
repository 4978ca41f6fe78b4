/* SPDX-License-Identifier: MIT */
/* Memory from the kernel: mappings and what it is told about them. */
#include "sys/answer.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <limits.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int trine__map(size_t size, int mmap_flags, void **ret)
{
    int fault = trine__fault(TRINE__FAULT_MAP);
    if (fault < 0)
        return fault;
    void *address =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | mmap_flags, -1, 0);
    if (address == MAP_FAILED)
        return -errno;
    *ret = address;
    return 0;
}

int trine__unmap(void *address, size_t size)
{
    return (int)trine__answer(munmap(address, size));
}

int trine__protect(void *address, size_t size, int protection)
{
    return trine__fault(TRINE__FAULT_PROTECT)
               ?: (int)trine__answer(mprotect(address, size, protection));
}

int trine__advise(void *address, size_t size, int advice)
{
    return trine__fault(TRINE__FAULT_ADVISE) ?: (int)trine__answer(madvise(address, size, advice));
}

/* Kernels before 6.14 have no word for "this process" and want a descriptor. It is opened for this
 * one call: a kept one would name the parent after a fork. */
static ssize_t advise_by_descriptor(const struct iovec *ranges, size_t count, int advice)
{
    int self = (int)trine__answer(syscall(SYS_pidfd_open, getpid(), 0));
    if (self < 0)
        return self;
    ssize_t done = trine__answer(syscall(SYS_process_madvise, self, ranges, count, advice, 0));
    close(self);
    return done;
}

ssize_t trine__advise_many(const struct iovec *ranges, size_t count, int advice)
{
    enum { SELF = -10000 }; /* PIDFD_SELF_THREAD: its memory is the process's */
    int fault = trine__fault(TRINE__FAULT_ADVISE);
    if (fault < 0)
        return fault;
    size_t most = count < IOV_MAX ? count : IOV_MAX;
    ssize_t done = trine__answer(syscall(SYS_process_madvise, SELF, ranges, most, advice, 0));
    return done == -EBADF ? advise_by_descriptor(ranges, most, advice) : done;
}
