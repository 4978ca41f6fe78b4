/* SPDX-License-Identifier: MIT */
#include "cli/text.h"
#include "sys/sys.h"
#include <stdarg.h>
#include <stdio.h>

static bool grow(struct trine__text *text, size_t needed)
{
    size_t capacity = text->capacity > 0 ? text->capacity : 1024;
    while (capacity < needed)
        capacity *= 2;
    char *data = trine__realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void trine__text_add(struct trine__text *text, const char *format, ...)
{
    va_list values, again;
    va_start(values, format);
    va_copy(again, values);
    int len = vsnprintf(NULL, 0, format, values);
    if (len >= 0 && !text->failed && grow(text, text->len + (size_t)len + 1)) {
        vsnprintf(text->data + text->len, (size_t)len + 1, format, again);
        text->len += (size_t)len;
    }
    va_end(again);
    va_end(values);
}

int trine__text_write(const struct trine__text *text, int fd)
{
    size_t at = 0;
    while (at < text->len) {
        ssize_t written = trine__sys_write(fd, text->data + at, text->len - at);
        if (written < 0)
            return (int)written;
        at += (size_t)written;
    }
    return text->failed ? -ENOMEM : 0;
}

void trine__text_done(struct trine__text *text)
{
    trine__free(text->data);
    *text = (struct trine__text){ 0 };
}
