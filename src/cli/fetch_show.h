/* SPDX-License-Identifier: MIT */
/* What `trine fetch` tells: results on standard output, troubles and progress on standard error. */
#ifndef TRINE_CLI_FETCH_SHOW_H
#define TRINE_CLI_FETCH_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trine__fetched {
    const char *url;
    char *file;     /* where the body goes; NULL: nowhere */
    char *sentence; /* why it failed */
    int outcome;    /* 0, or the error */
    int status;     /* 0: there was no answer */
    size_t bytes;
    int64_t elapsed;
};
/* Ends an item with `outcome`, and with the running task's last error as its sentence if it is one.
 */
void trine__fetched_end(struct trine__fetched *item, int outcome);
void trine__fetched_done(struct trine__fetched *item);

struct trine__show {
    size_t count, done, failed, cancelled;
    bool json, aligned, progress;
    int error; /* the first of standard output */
};
void trine__show_open(struct trine__show *show, size_t count, bool json);
void trine__show_item(struct trine__show *show, const struct trine__fetched *item);
/* The last words, and the exit status. */
int trine__show_close(struct trine__show *show, bool interrupted);

#endif
