/* SPDX-License-Identifier: MIT */
/* The two things that are compared: waiting for a page, and computing. One function each, the same
 * for every model. */
#ifndef TRINE_CLI_COMPARE_JOBS_H
#define TRINE_CLI_COMPARE_JOBS_H

#include "cli/compare.h"

#define TRINE__URL_MAX     2048
#define TRINE__FACTORS_MAX 64 /* no 64-bit number has more */

struct trine__page {
    char sentence[TRINE__SENTENCE_MAX]; /* why it failed */
    char url[TRINE__URL_MAX];
    int status;
    size_t bytes;
    char title[128];
};
/* Fetches the page. An answer of 400 and above is a failure. */
int trine__fetch_page(void *page);

struct trine__number {
    char sentence[TRINE__SENTENCE_MAX];
    uint64_t number;
    unsigned count;
    uint64_t factors[TRINE__FACTORS_MAX]; /* ascending */
};
/* Finds the prime factors by trial division and checks them. */
int trine__factorize(void *number);

/* The text of the first <title> of a page, white space folded; "" if there is none. */
void trine__title_of(const char *html, size_t len, char *title, size_t size);

#endif
