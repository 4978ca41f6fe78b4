/* SPDX-License-Identifier: MIT */
/* The command line of `trine compare`. */
#ifndef TRINE_CLI_COMPARE_OPTIONS_H
#define TRINE_CLI_COMPARE_OPTIONS_H

#include "cli/compare.h"
#include "cli/fetch_urls.h"

#define TRINE__ITEMS_MAX   10000
#define TRINE__WORKERS_MAX 1024
#define TRINE__REPEAT_MAX  100

struct trine__compare_options {
    struct trine__url_list urls; /* the user's own pages */
    struct trine__page *pages;   /* their items */
    const char *input;           /* file of URLs; NULL: none */
    unsigned workers;            /* 0: each model's own number */
    unsigned repeat;
    bool model[TRINE__MODELS];
    char only; /* 'i'o or 'c'pu; 0: both */
    bool json;
    const char *plot; /* NULL: none */
};

/* Returns -1 to go on, else the status to exit with: help was printed, or one line about what is
 * wrong. */
int trine__compare_options_init(struct trine__compare_options *options, int argc, char **argv);
void trine__compare_options_done(struct trine__compare_options *options);

#endif
