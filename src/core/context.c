/* SPDX-License-Identifier: MIT */
/* Who runs here, and the last error of whoever that is. */
#include "core/context.h"
#include "base/error.h"
#include "core/circle.h"
#include "core/local.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "sys/sys.h"
#include <pthread.h>
#include <stdarg.h>

__thread struct trine__loop *trine__loop_here;
__thread struct trine__thread_context trine__thread_here;

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;

/* A child of fork() has this thread only, and none of what its tasks waited for. */
static void forked(void)
{
    struct trine__loop *loop = trine__loop_here;
    trine__circle_forked();
    trine__thread_here.id = 0;
    if (loop == NULL && trine__thread_here.hosts == NULL)
        return;
    if (loop != NULL && loop->current != NULL)
        loop->current->context.scope = NULL; /* it must not return */
    trine__loop_here = NULL;
    trine__thread_here = (struct trine__thread_context){ .forked = true, .orphan = true };
}

static void end_thread(void *context)
{
    struct trine__thread_context *thread = context;
    thread->holds = false; /* what ends after this may hold something again */
    trine__held_abandon(&thread->context);
    trine__error_unref(thread->error);
    thread->error = NULL;
    trine__locals_unref(thread->context.locals);
    thread->context.locals = NULL;
}

static void prepare(void)
{
    pthread_atfork(NULL, NULL, forked);
    pthread_key_create(&thread_end, end_thread);
}

void trine__context_prepare(void)
{
    pthread_once(&prepared, prepare);
}

void trine__thread_attend_end(void)
{
    trine__context_prepare();
    pthread_setspecific(thread_end, &trine__thread_here);
}

void trine__held_by_thread(void)
{
    if (trine__thread_here.holds)
        return;
    trine__context_prepare();
    trine__thread_here.holds = pthread_setspecific(thread_end, &trine__thread_here) == 0;
}

void trine__thread_identify(void)
{
    if (trine__thread_here.id == 0)
        trine__thread_here.id = trine__sys_thread_id();
}

/* Where the last error of the running task or thread is kept. */
static struct trine_error **error_here(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? &task->future.error : &trine__thread_here.error;
}

void trine__error_keep(struct trine_error *error)
{
    struct trine_error **here = error_here();
    if (here == &trine__thread_here.error && error != NULL)
        trine__thread_attend_end();
    trine__error_unref(*here);
    *here = error;
}

struct trine_error *trine__error_take(void)
{
    struct trine_error **here = error_here(), *error = *here;
    *here = NULL;
    return error;
}

const struct trine_error *trine_error_last(void)
{
    return *error_here();
}

int trine_fail(int code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    trine__error_keep(trine__error_new(code, NULL, format, values));
    va_end(values);
    return code;
}

int trine_fail_because(int code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    struct trine_error **here = error_here(), *cause = *here;
    *here = NULL;
    trine__error_keep(trine__error_new(code, cause, format, values));
    va_end(values);
    return code;
}
