/* SPDX-License-Identifier: MIT */
/* Processes, threads and signals. */
#include "sys/answer.h"
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <limits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t trine__sys_fork(void)
{
    return trine__fault(TRINE__FAULT_FORK) ?: (pid_t)trine__answer(fork());
}

int trine__sys_exec(const char *path, char *const argv[], char *const envp[])
{
    return trine__fault(TRINE__FAULT_EXEC) ?: (int)trine__answer(execve(path, argv, envp));
}

int trine__sys_kill(pid_t pid, int signal)
{
    return (int)trine__answer(kill(pid, signal));
}

int trine__sys_pidfd_open(pid_t pid)
{
    return trine__fault(TRINE__FAULT_PIDFD_OPEN)
               ?: (int)trine__answer(syscall(SYS_pidfd_open, pid, 0));
}

int trine__sys_pidfd_signal(int pidfd, int signal)
{
    return (int)trine__answer(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

int trine__sys_waitid(int id_type, int id, siginfo_t *ret, int options)
{
    return (int)TRINE__RETRY(
        trine__fault(TRINE__FAULT_WAITID)
            ?: trine__answer(waitid((idtype_t)id_type, (id_t)id, ret, options)));
}

int trine__sys_parent_death_signal(int signal)
{
    return (int)trine__answer(prctl(PR_SET_PDEATHSIG, (unsigned long)signal));
}

int trine__sys_adopt_orphans(void)
{
    return (int)trine__answer(prctl(PR_SET_CHILD_SUBREAPER, 1UL));
}

int trine__sys_setpgid(pid_t pid, pid_t group)
{
    return (int)trine__answer(setpgid(pid, group));
}

int trine__sys_getrusage(int who, struct rusage *ret)
{
    return (int)trine__answer(getrusage(who, ret));
}

int trine__sys_thread_start(pthread_t *ret, void *(*entry)(void *), void *arg, size_t stack_size)
{
    int error = trine__fault(TRINE__FAULT_THREAD);
    if (error < 0)
        return error;
    pthread_attr_t attributes;
    error = pthread_attr_init(&attributes);
    if (error != 0)
        return -error;
    size_t least = (size_t)PTHREAD_STACK_MIN;
    if (stack_size > 0)
        error = pthread_attr_setstacksize(&attributes, stack_size > least ? stack_size : least);
    pthread_t thread;
    if (error == 0)
        error = pthread_create(&thread, &attributes, entry, arg);
    pthread_attr_destroy(&attributes);
    if (error == 0)
        *ret = thread;
    return -error;
}

int trine__sys_thread_join(pthread_t thread)
{
    return -pthread_join(thread, NULL);
}

int trine__sys_thread_id(void)
{
    return gettid();
}

void trine__sys_thread_name(const char *name)
{
    enum { LONGEST = 15 };
    char cut[LONGEST + 1] = "";
    for (int i = 0; i < LONGEST && name[i] != '\0'; i++)
        cut[i] = name[i];
    pthread_setname_np(pthread_self(), cut);
}

long trine__sys_timer_slack(long slack)
{
    int before = prctl(PR_GET_TIMERSLACK);
    prctl(PR_SET_TIMERSLACK, slack);
    return before;
}

int trine__sys_sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old)
{
    return (int)trine__answer(sigaction(signal, action, ret_old));
}

int trine__sys_sigaltstack(const stack_t *stack, stack_t *ret_old)
{
    return trine__fault(TRINE__FAULT_SIGALTSTACK)
               ?: (int)trine__answer(sigaltstack(stack, ret_old));
}

int trine__sys_sigmask(int how, const sigset_t *set, sigset_t *ret_old)
{
    return -pthread_sigmask(how, set, ret_old);
}

int trine__sys_close_range(unsigned first, unsigned last)
{
    return trine__fault(TRINE__FAULT_CLOSE_RANGE)
               ?: (int)trine__answer(syscall(SYS_close_range, first, last, 0));
}
