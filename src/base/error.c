/* SPDX-License-Identifier: MIT */
#include "base/error.h"
#include "sys/sys.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

struct trine_error {
    _Atomic(unsigned) refs;
    int code;
    const char *origin;
    struct trine_error *cause;
    size_t child_count;
    struct trine_error *children[TRINE__ERROR_CHILDREN_MAX];
    char message[];
};

struct trine_error *trine__error_new(int code, struct trine_error *cause, const char *format,
                                     va_list values)
{
    va_list again;
    va_copy(again, values);
    int len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    struct trine_error *error = len < 0 ? NULL : trine__alloc(sizeof *error + (size_t)len + 1);
    if (error == NULL) {
        trine__error_unref(cause);
        return NULL;
    }
    *error = (struct trine_error){ .code = code, .origin = "", .cause = cause };
    atomic_init(&error->refs, 1);
    vsnprintf(error->message, (size_t)len + 1, format, values);
    return error;
}

struct trine_error *trine__error_newf(int code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    struct trine_error *error = trine__error_new(code, NULL, format, values);
    va_end(values);
    return error;
}

struct trine_error *trine__error_because(struct trine_error *cause, int code, const char *format,
                                         ...)
{
    va_list values;
    va_start(values, format);
    struct trine_error *error = trine__error_new(code, cause, format, values);
    va_end(values);
    return error;
}

struct trine_error *trine__error_ref(struct trine_error *error)
{
    if (error != NULL)
        atomic_fetch_add_explicit(&error->refs, 1, memory_order_relaxed);
    return error;
}

void trine__error_unref(struct trine_error *error)
{
    while (error != NULL && atomic_fetch_sub_explicit(&error->refs, 1, memory_order_acq_rel) == 1) {
        struct trine_error *cause = error->cause;
        for (size_t i = 0; i < error->child_count && i < TRINE__ERROR_CHILDREN_MAX; i++)
            trine__error_unref(error->children[i]);
        trine__free(error);
        error = cause;
    }
}

void trine__error_set_origin(struct trine_error *error, const char *origin)
{
    if (error != NULL && error->origin[0] == '\0' && origin != NULL)
        error->origin = origin;
}

struct trine_error *trine__error_own(struct trine_error *error)
{
    if (error == NULL || atomic_load_explicit(&error->refs, memory_order_acquire) == 1)
        return error;
    struct trine_error *copy =
        trine__error_because(trine__error_ref(error->cause), error->code, "%s", error->message);
    if (copy == NULL)
        return NULL;
    trine__error_set_origin(copy, error->origin);
    trine__error_unref(error);
    return copy;
}

void trine__error_adopt(struct trine_error *error, struct trine_error *child)
{
    if (child == NULL)
        return;
    if (error->child_count < TRINE__ERROR_CHILDREN_MAX)
        error->children[error->child_count] = child;
    else
        trine__error_unref(child);
    error->child_count++;
}

int trine_error_code(const struct trine_error *error)
{
    return error != NULL ? error->code : 0;
}

const char *trine_error_message(const struct trine_error *error)
{
    return error != NULL ? error->message : "";
}

const char *trine_error_origin(const struct trine_error *error)
{
    return error != NULL ? error->origin : "";
}

const struct trine_error *trine_error_cause(const struct trine_error *error)
{
    return error != NULL ? error->cause : NULL;
}

size_t trine_error_children(const struct trine_error *error)
{
    return error != NULL ? error->child_count : 0;
}

const struct trine_error *trine_error_child(const struct trine_error *error, size_t index)
{
    if (error == NULL || index >= error->child_count || index >= TRINE__ERROR_CHILDREN_MAX)
        return NULL;
    return error->children[index];
}
