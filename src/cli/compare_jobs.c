/* SPDX-License-Identifier: MIT */
#include "cli/compare_jobs.h"
#include "cli/sentence.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <trine/executor.h>
#include <trine/http.h>
#include <trine/scope.h>

#define PATIENCE TRINE_SECONDS(60) /* for one page */

/* The sentence goes with the record, because the record is what comes back from everywhere. */
static int failed(char *sentence, int error)
{
    snprintf(sentence, TRINE__SENTENCE_MAX, "%s", trine__sentence(error));
    return error;
}

static const char *find_tag(const char *at, const char *end, const char *tag)
{
    size_t len = strlen(tag);
    for (; at != NULL && (size_t)(end - at) >= len; at++) {
        at = memchr(at, '<', (size_t)(end - at) - len + 1);
        if (at == NULL || strncasecmp(at, tag, len) == 0)
            return at;
    }
    return NULL;
}

void trine__title_of(const char *html, size_t len, char *title, size_t size)
{
    const char *end = html + len, *at = len > 0 ? find_tag(html, end, "<title") : NULL;
    size_t used = 0;
    title[0] = '\0';
    at = at != NULL ? memchr(at, '>', (size_t)(end - at)) : NULL;
    if (at == NULL)
        return;
    for (at++; at < end && *at != '<' && used + 1 < size; at++) {
        if (!isspace((unsigned char)*at))
            title[used++] = *at;
        else if (used > 0 && title[used - 1] != ' ')
            title[used++] = ' ';
    }
    while (used > 0 && title[used - 1] == ' ')
        used--;
    title[used] = '\0';
}

int trine__fetch_page(void *item)
{
    struct trine__page *page = item;
    struct trine_response *response = NULL;
    int error = TRINE_WITHIN(PATIENCE, trine_http_get(NULL, page->url, &response));
    if (error < 0)
        return failed(page->sentence, error);
    struct trine_slice body = trine_response_body(response);
    page->status = trine_response_status(response);
    page->bytes = body.len;
    trine__title_of(body.data, body.len, page->title, sizeof page->title);
    trine_response_free(response);
    if (page->status < 400)
        return 0;
    return failed(page->sentence,
                  trine_fail(TRINE_EHTTPSTATUS, "%s: answered %d", page->url, page->status));
}

int trine__factorize(void *item)
{
    struct trine__number *job = item;
    uint64_t rest = job->number, product = 1;
    job->count = 0;
    for (uint64_t divisor = 2; divisor * divisor <= rest; divisor++)
        while (rest % divisor == 0) {
            job->factors[job->count++] = divisor;
            rest /= divisor;
        }
    if (rest > 1)
        job->factors[job->count++] = rest;
    for (unsigned i = 0; i < job->count; i++)
        product *= job->factors[i];
    if (product == job->number)
        return 0;
    return failed(job->sentence, trine_fail(-EDOM, "the factors found do not make the number"));
}

TRINE_JOB(trine__fetch_page, struct trine__page);
TRINE_JOB(trine__factorize, struct trine__number);
