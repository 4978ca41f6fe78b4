/* SPDX-License-Identifier: MIT */
/* Memory from the C library, one fault point per request. */
#include "sys/fault_point.h"
#include "sys/sys.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* malloc may answer a request for nothing with NULL, which would look like a failure. */
static size_t at_least_one(size_t size)
{
    return size > 0 ? size : 1;
}

void *trine__alloc(size_t size)
{
    return trine__fault(TRINE__FAULT_ALLOC) < 0 ? NULL : malloc(at_least_one(size));
}

void *trine__alloc_zero(size_t count, size_t size)
{
    if (trine__fault(TRINE__FAULT_ALLOC) < 0)
        return NULL;
    return count == 0 || size == 0 ? calloc(1, 1) : calloc(count, size);
}

/* realloc to nothing frees in the C library; here it never does. */
void *trine__realloc(void *old, size_t size)
{
    return trine__fault(TRINE__FAULT_ALLOC) < 0 ? NULL : realloc(old, at_least_one(size));
}

void *trine__alloc_aligned(size_t alignment, size_t size)
{
    void *memory = NULL;
    if (trine__fault(TRINE__FAULT_ALLOC) < 0)
        return NULL;
    size_t least = alignment > sizeof(void *) ? alignment : sizeof(void *);
    return posix_memalign(&memory, least, at_least_one(size)) == 0 ? memory : NULL;
}

void trine__free(void *memory)
{
    free(memory);
}

static char *copy_text(const char *text, size_t len)
{
    char *copy = trine__alloc(len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *trine__strdup(const char *text)
{
    return copy_text(text, strlen(text));
}

char *trine__strndup(const char *text, size_t max)
{
    return copy_text(text, strnlen(text, max));
}

char *trine__asprintf(const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *text = len < 0 ? NULL : trine__alloc((size_t)len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(arguments);
    return text;
}
