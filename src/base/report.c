/* SPDX-License-Identifier: MIT */
/* The report hook: the one way in which the library speaks unasked. */
#include "base/error.h"
#include "sys/sys.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <trine/debug.h>

#define LINE_MAX_BYTES 1024

static void print_to_stderr(const char *message, void *arg)
{
    struct iovec parts[] = {
        { (void *)"trine: ", 7 },
        { (void *)message, strlen(message) },
        { (void *)"\n", 1 },
    };
    (void)trine__sys_writev(2, parts, 3);
}

static _Atomic(trine_report_fn) report_fn = print_to_stderr;
static _Atomic(void *) report_arg;

void trine_set_report(trine_report_fn fn, void *arg)
{
    atomic_store(&report_arg, arg);
    atomic_store(&report_fn, fn != NULL ? fn : print_to_stderr);
}

void trine__report(const char *format, ...)
{
    char line[LINE_MAX_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(line, sizeof line, format, values);
    va_end(values);
    atomic_load (&report_fn)(line, atomic_load(&report_arg));
}
