/* SPDX-License-Identifier: MIT */
/* HTTP client. Python: requests.get, aiohttp.ClientSession.
 *
 * Transfers are libcurl's: driven by the loop inside tasks, blocking in plain threads, behind the
 * same call. Part of libtrine-web. */
#ifndef TRINE_HTTP_H
#define TRINE_HTTP_H

#include <trine/bytes.h>
#include <trine/time.h>

#ifdef __cplusplus
extern "C" {
#endif

struct trine_client_options {
    size_t body_max;         /* bytes of body accepted; 0: 64 MiB */
    int64_t connect_timeout; /* 0: 30 s */
    int64_t timeout;         /* for one whole request; 0: none but the scope's */
    unsigned redirects_max;  /* 0: 10 */
    const char *user_agent;  /* copied; NULL: "trine/VERSION" */
};
struct trine_client;
/* A client keeps connections alive between requests.
 * Threads: any number may share one. NULL: no memory. */
TRINE_PUBLIC struct trine_client *trine_client_new(const struct trine_client_options *options);
/* No request may be running. Accepts NULL. */
TRINE_PUBLIC void trine_client_free(struct trine_client *client);

struct trine_response;
/* Fetches `url` (http or https) with GET. `client` NULL: a default one, shared by the process.
 *
 * Owns:    *ret is the caller's on success, whatever the status; untouched on failure.
 * Waits:   this task, or blocks the thread. A cancel ends the transfer and closes its connection.
 * Errors:  TRINE_EURL, TRINE_ERESOLVE, -ECONNREFUSED, -ECONNRESET, -ETIMEDOUT, TRINE_ETLS,
 *          TRINE_EHTTP, TRINE_EEOF (cut off), TRINE_ELIMIT (larger than body_max), -ENOMEM,
 *          -ECANCELED; the sentence with URL and reason is trine_error_last(). */
TRINE_PUBLIC int trine_http_get(struct trine_client *client, const char *url,
                                struct trine_response **ret);

TRINE_PUBLIC int trine_response_status(const struct trine_response *response);
TRINE_PUBLIC struct trine_slice trine_response_body(const struct trine_response *response);
/* The header's value (the last one of that name, any case), or NULL. Valid with the response. */
TRINE_PUBLIC const char *trine_response_header(const struct trine_response *response,
                                               const char *name);
/* The URL after redirects. */
TRINE_PUBLIC const char *trine_response_url(const struct trine_response *response);
TRINE_PUBLIC void trine_response_free(struct trine_response *response); /* accepts NULL */

#ifdef __cplusplus
}
#endif
#endif
