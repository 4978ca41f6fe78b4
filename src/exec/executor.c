/* SPDX-License-Identifier: MIT */
/* The public face, and what executors share. */
#include "exec/executor.h"
#include "base/must.h"
#include "exec/fork_server.h"
#include "exec/job.h"
#include "sys/sys.h"

/* ---- the public face */

struct trine_future *trine_submit_at(struct trine_executor *executor, trine_fn fn,
                                     const void *record, size_t size, const char *site)
{
    trine_must(record != NULL || size == 0, "trine_submit() of a record that is NULL");
    return executor->ops->submit(executor, fn, record, size, site);
}

void trine_executor_free(struct trine_executor *executor)
{
    if (executor == NULL)
        return;
    trine_must(executor->ops->free != NULL, "trine_executor_free() of TRINE_SERIAL or TRINE_TASKS");
    executor->ops->free(executor);
}

unsigned trine_executor_workers(const struct trine_executor *executor)
{
    return executor->ops->workers(executor);
}

const char *trine_executor_name(const struct trine_executor *executor)
{
    return executor->ops->name;
}

/* ---- serial: at once, in the caller */

static unsigned one(const struct trine_executor *executor)
{
    return 1;
}

static const struct trine__future_kind serial_kind = {
    .name = "job", .value = trine__job_value, .site = trine__job_site, .free = trine__job_free
};

static struct trine_future *submit_serial(struct trine_executor *executor, trine_fn fn,
                                          const void *record, size_t size, const char *site)
{
    struct trine__job *job = trine__job_new(sizeof *job, &serial_kind, 1, fn, record, size, site);
    if (job == NULL)
        return NULL;
    trine__job_run(job);
    return &job->future;
}

static const struct trine__executor_ops serial_ops = { .name = "serial",
                                                       .workers = one,
                                                       .submit = submit_serial };
static struct trine_executor serial = { &serial_ops };
struct trine_executor *const TRINE_SERIAL = &serial;

/* ---- threads of executors */

int trine__exec_thread_start(pthread_t *ret, void *(*entry)(void *), void *arg)
{
    static const int own_faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS };
    sigset_t blocked, old;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own_faults / sizeof own_faults[0]; i++)
        sigdelset(&blocked, own_faults[i]);
    trine__sys_sigmask(SIG_SETMASK, &blocked,
                       &old); /* inherited: none slips in before its own call */
    int error = trine__sys_thread_start(ret, entry, arg, 0);
    trine__sys_sigmask(SIG_SETMASK, &old, NULL);
    return error;
}

/* ---- fork */

static unsigned age;
static pthread_once_t watching_forks = PTHREAD_ONCE_INIT;

static void forked(void)
{
    age++;
    trine__server_forked();
}

static void watch_forks(void)
{
    pthread_atfork(NULL, NULL, forked);
}

unsigned trine__exec_age(void)
{
    pthread_once(&watching_forks, watch_forks);
    return age;
}
