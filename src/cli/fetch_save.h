/* SPDX-License-Identifier: MIT */
/* Bodies in files: whole or not at all. A body is written to a temporary name beside its target and
 * then renamed, so nobody ever meets half a file under the name that was asked for. */
#ifndef TRINE_CLI_FETCH_SAVE_H
#define TRINE_CLI_FETCH_SAVE_H

#include <stddef.h>
#include <trine/bytes.h>

/* Longest file name that Linux file systems take. */
#define TRINE__FILE_NAME_MAX 255

/* Writes `body` to `path`; in a task. What is there already and is no regular file (a pipe, a
 * device) is written to directly. 0, or the error with a sentence; nothing is left of the file
 * then. */
int trine__save(const char *path, struct trine_slice body);

/* The same, but whatever stands at `name` is replaced and never followed or written to: for names
 * that come from outside. */
int trine__save_here(const char *name, struct trine_slice body);

/* The last part of the URL's path, as it is written there; "index.html" where that is empty. Never
 * a path: no slash, not "." or "..". -EINVAL, -ENAMETOOLONG with a sentence. */
int trine__remote_name(const char *url, char *ret, size_t size);

#endif
