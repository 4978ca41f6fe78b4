/* SPDX-License-Identifier: MIT */
/* Text under construction: what a command prints is made in memory first, so that it can be tested
 * and is written whole. Trouble with memory is remembered and told once, by the write. */
#ifndef TRINE_CLI_TEXT_H
#define TRINE_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <trine/error.h>

struct trine__text {
    char *data; /* NUL-terminated; NULL while empty */
    size_t len, capacity;
    bool failed; /* memory ran out: the rest is missing */
};

void trine__text_add(struct trine__text *text, const char *format, ...) TRINE_PRINTF(2, 3);
/* Writes all of it: 0, -ENOMEM if it is not complete, or the error of the write. */
int trine__text_write(const struct trine__text *text, int fd);
void trine__text_done(struct trine__text *text);

#endif
