/* SPDX-License-Identifier: MIT */
/* Error objects: code, message, origin, cause and children, immutable once built and counted by
 * reference, because a group's error outlives the tasks that it tells of. */
#ifndef TRINE_BASE_ERROR_H
#define TRINE_BASE_ERROR_H

#include <stdarg.h>
#include <trine/error.h>

/* At most so many failures of one group are kept one by one; later ones are only counted. */
#define TRINE__ERROR_CHILDREN_MAX 16

/* A new error, or NULL when there is no memory (the code alone then has to do). `cause`: taken,
 * also on failure; may be NULL. */
struct trine_error *trine__error_new(int code, struct trine_error *cause, const char *format,
                                     va_list values);
struct trine_error *trine__error_newf(int code, const char *format, ...) TRINE_PRINTF(2, 3);
struct trine_error *trine__error_because(struct trine_error *cause, int code, const char *format,
                                         ...) TRINE_PRINTF(3, 4);
struct trine_error *trine__error_ref(struct trine_error *error); /* accepts NULL */
void trine__error_unref(struct trine_error *error);              /* accepts NULL */
/* Only while nobody else has it. `origin`: kept, not copied. */
void trine__error_set_origin(struct trine_error *error, const char *origin);
/* An equal error that nobody else has: this one, or a copy without its children; `error` is then
 * given up. NULL, and nothing given up, when there is no memory or no error. */
struct trine_error *trine__error_own(struct trine_error *error);
/* Adds `child` (taken) to `error`, which nobody else has yet. */
void trine__error_adopt(struct trine_error *error, struct trine_error *child);

/* Reports one line through the hook of trine_set_report(), or to stderr. */
void trine__report(const char *format, ...) TRINE_PRINTF(1, 2);

#endif
