/* SPDX-License-Identifier: MIT */
/* Heads of HTTP/1.1 requests: parsed strictly, in place, without copying.
 *
 * What could be read in two ways is refused: a message that two parties understand differently is
 * how requests are smuggled. Beyond RFC 9112, folded headers, repeated chunked codings and more
 * than one space in the request line are refused as well. */
#ifndef TRINE_HTTP_H1_H
#define TRINE_HTTP_H1_H

#include <stdbool.h>
#include <stdint.h>
#include <trine/bytes.h>

#define TRINE__H1_HEADERS_MAX 100

struct trine__h1_header {
    struct trine_slice name, value;
};

struct trine__h1_request {
    struct trine_slice method, target; /* all slices point into the parsed bytes */
    int minor;                         /* HTTP/1.minor: 0 or 1 */
    const char *peer;                  /* the numeric host that asks; set by the server */
    struct trine__h1_header headers[TRINE__H1_HEADERS_MAX];
    unsigned header_count;
    int64_t content_length; /* 0 where there is no body */
    bool chunked;
    bool keep_alive;
    bool expect_continue;
};

/* Why a head was refused. */
struct trine__h1_refusal {
    int status;         /* the answer: 400, 431, 501, 505 */
    const char *reason; /* static */
};

/* How many of `len` bytes the head takes, with the empty line at its end; 0: the end has not come.
 * `scanned`: bytes already looked at by an earlier call, which need not be looked at again. */
size_t trine__h1_head_len(const char *data, size_t len, size_t scanned);

/* Parses a whole head of `len` bytes. 0, or -EBADMSG and *ret_refusal. */
int trine__h1_parse(const char *data, size_t len, struct trine__h1_request *ret,
                    struct trine__h1_refusal *ret_refusal);

/* The value of a header (any case); data NULL if there is none. */
struct trine_slice trine__h1_header(const struct trine__h1_request *request, const char *name);

/* The standard phrase of a status, "" for an unknown one. */
const char *trine__h1_phrase(int status);

/* The body of a chunked request, taken off the wire piece by piece. Begin with { 0 }. */
struct trine__h1_chunks {
    uint64_t left;  /* of the present chunk */
    uint64_t total; /* bytes of body so far */
    uint8_t state;
    uint8_t digits;
    uint16_t line; /* bytes of an extension or of the trailer so far */
};
/* Goes over `len` bytes: how many belong to the message; *ret_done when its end is among them.
 * -EBADMSG. */
int64_t trine__h1_skip_chunks(struct trine__h1_chunks *chunks, const char *data, size_t len,
                              bool *ret_done);

#endif
