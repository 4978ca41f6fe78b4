/* SPDX-License-Identifier: MIT */
/* The URLs to fetch: from the command line and from a file, one a line. */
#ifndef TRINE_CLI_FETCH_URLS_H
#define TRINE_CLI_FETCH_URLS_H

#include <stddef.h>

#define TRINE__URL_LIST_MAX ((size_t)64 << 20) /* bytes of a file of URLs */

struct trine__url_list {
    const char **urls; /* into argv and `text` */
    size_t count, capacity;
    char *text; /* the file */
};

/* All in a task, 0 or an error with a sentence; what was added before stays. */
int trine__url_list_add(struct trine__url_list *list, const char *url);
/* Blank lines and lines that begin with # are passed over. "-": standard input. Once for a list. */
int trine__url_list_read(struct trine__url_list *list, const char *path);
void trine__url_list_done(struct trine__url_list *list);

#endif
