/* SPDX-License-Identifier: MIT */
/* What an older kernel lacks, played by a seccomp filter in a child process. */
#include "sys/sys.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

enum { FINE, WRONG, NO_FILTER };

/* From now on the system call `number` fails with `error`; if `first` is not 0, only with that (in
 * its low half) as the first argument. Little-endian. */
static bool forbid(int number, int first, int error)
{
    const unsigned number_at = offsetof(struct seccomp_data, nr);
    const unsigned first_at = offsetof(struct seccomp_data, args);
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, number_at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, first_at),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)first, 0, first == 0 ? 0 : 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Runs `scene` in a child; skips the test where filters are not allowed. */
static void run(int (*scene)(void))
{
    siginfo_t end = { 0 };
    pid_t child = trine__sys_fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(scene());
    assert_int_equal(trine__sys_waitid(P_PID, child, &end, WEXITED), 0);
    if (end.si_status == NO_FILTER)
        skip();
    assert_int_equal(end.si_code, CLD_EXITED);
    assert_int_equal(end.si_status, FINE);
}

static int wait_twice(void)
{
    const int64_t span = 3300000;
    struct epoll_event event;
    int epfd = trine__sys_epoll_create();
    for (int i = 0; i < 2; i++) {
        int64_t deadline = trine__clock_monotonic() + span;
        if (trine__sys_epoll_wait(epfd, &event, 1, deadline) != 0 ||
            trine__clock_monotonic() < deadline)
            return WRONG;
    }
    return trine__sys_epoll_wait(epfd, &event, 1, 0) == 0 ? FINE : WRONG;
}

static int wait_without_pwait2(void)
{
    return forbid(SYS_epoll_pwait2, 0, ENOSYS) ? wait_twice() : NO_FILTER;
}

static int wait_with_forbidden_pwait2(void)
{
    return forbid(SYS_epoll_pwait2, 0, EPERM) ? wait_twice() : NO_FILTER;
}

static void epoll_waits_to_the_millisecond_without_pwait2(void **state)
{
    run(wait_without_pwait2);
    run(wait_with_forbidden_pwait2);
}

/* What the descriptor stands for is not the point here: the advice reaches our pages by it, or
 * there is an error and they are as they were. No descriptor is left either way. */
static int advise_without_a_word_for_self(void)
{
    const int pidfd_self = -10000;
    void *pages = NULL;
    int before = trine__sys_dup(STDERR_FILENO, 3);
    if (!forbid(SYS_process_madvise, pidfd_self, EBADF))
        return NO_FILTER;
    if (before < 0 || trine__map(4096, 0, &pages) < 0)
        return WRONG;
    memset(pages, 1, 4096);
    struct iovec range = { pages, 4096 };
    bool advised = trine__advise_many(&range, 1, MADV_DONTNEED) == 4096;
    if (*(char *)pages != !advised)
        return WRONG;
    return trine__sys_dup(STDERR_FILENO, 3) == before + 1 ? FINE : WRONG;
}

static void many_ranges_are_advised_by_descriptor(void **state)
{
    run(advise_without_a_word_for_self);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(epoll_waits_to_the_millisecond_without_pwait2),
        cmocka_unit_test(many_ranges_are_advised_by_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
