/* SPDX-License-Identifier: MIT */
/* The client's inside: one transfer of libcurl, and the two ways to drive it.
 *
 *     trine_http_get --- in a task -----> curl_loop.c:   the loop drives it, on the loop's own
 * stack
 *                   \-- in a thread ---> curl_thread.c: the thread drives it and waits
 *
 * What a transfer asks for, collects and how it can fail is the same for both: transfer.c. libcurl
 * is called on large stacks only; a task's 64 KiB are not for somebody else's library. */
#ifndef TRINE_HTTP_CLIENT_H
#define TRINE_HTTP_CLIENT_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <trine/http.h>

struct trine__engine;
struct trine__hand;

struct trine_client {
    size_t body_max;
    int64_t connect_timeout, timeout;
    unsigned redirects_max;
    char *user_agent;
    struct trine__engine *engines; /* one for each loop that used it; curl_loop.c's */
    pthread_mutex_t lock;          /* of what follows; curl_thread.c's */
    struct trine__hand *idle;
    unsigned idle_count;
};

struct trine__buffer {
    char *data; /* NUL-terminated unless NULL */
    size_t len, capacity;
};

struct trine_response {
    int status;
    char *url;
    struct trine__buffer body;
    struct trine__buffer headers; /* name, NUL, value, NUL, in the order they came */
};

/* One request from its start to its end, whoever drives it. */
struct trine__transfer {
    const struct trine_client *client;
    const char *url;                 /* borrowed from the caller */
    struct trine_response *response; /* taken by trine__transfer_result() */
    size_t head_len;                 /* bytes of headers, of all answers together */
    bool head_whole;                 /* its last line has come, the empty one */
    bool head_over;                  /* the body has begun: what looks like a header is a trailer */
    int error;                       /* ours, as opposed to libcurl's: 0 or a code */
    CURLcode code;
    char reason[CURL_ERROR_SIZE]; /* libcurl's own words, or those for a bad URL */
    const char *too_large;        /* what went beyond its limit; NULL */
    size_t limit;
    char peer[128];   /* "HOST port N", of a failed transfer */
    int system_error; /* errno behind the failure, or 0 */
    bool connected;
    int64_t received, expected; /* bytes; bytes or -1 */
};

/* ---- transfer.c; what takes or gives a CURL is for large stacks */
/* A handle that shares names and TLS sessions with all others. NULL: no memory. */
CURL *trine__transfer_handle(void);
/* Makes `easy` ready for `transfer`, whose client and url are set. 0, or the error, which
 * trine__transfer_result() then knows too. */
int trine__transfer_begin(struct trine__transfer *transfer, CURL *easy);
/* Reads out of `easy` what has become of it. */
void trine__transfer_end(struct trine__transfer *transfer, CURL *easy, CURLcode code);
/* The value of trine_http_get(), with its sentence. In the caller's own task or thread. Frees what
 * the transfer collected, unless it goes to *ret. */
int trine__transfer_result(struct trine__transfer *transfer, struct trine_response **ret);

/* ---- curl_loop.c, curl_thread.c: drive it to its end, as trine_http_get() */
int trine__http_get_task(struct trine_client *client, const char *url, struct trine_response **ret);
int trine__http_get_thread(struct trine_client *client, const char *url,
                           struct trine_response **ret);
/* The client goes: so do its connections, those of a loop on that loop's next turn. */
void trine__engines_dismiss(struct trine_client *client);
void trine__hands_free(struct trine_client *client);

#endif
