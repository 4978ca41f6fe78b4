/* SPDX-License-Identifier: MIT */
/* What the library wants to tell: errors nobody read, groups left open, tasks that do not stop.
 * Python: loop.set_exception_handler. */
#ifndef TRINE_DEBUG_H
#define TRINE_DEBUG_H

#include <trine/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `message`: one line without newline, valid during the call. May be called from any thread; may
 * not block. The default prints it to stderr. NULL brings the default back. */
typedef void (*trine_report_fn)(const char *message, void *arg);
TRINE_PUBLIC void trine_set_report(trine_report_fn fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
