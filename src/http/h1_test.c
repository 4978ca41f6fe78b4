/* SPDX-License-Identifier: MIT */
/* Heads and chunked bodies: what must be understood, what must be refused, and that neither depends
 * on how the bytes arrive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "http/h1.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HOST         "Host: a\r\n"
#define GET          "GET / HTTP/1.1\r\n" HOST
#define POST         "POST / HTTP/1.1\r\n" HOST
#define OLD          "GET / HTTP/1.0\r\n"
#define END          "\r\n"

/* The bytes, with their length: heads may hold NUL. */
#define BYTES(text) text, sizeof(text) - 1

/* In memory of exactly its size, so that a sanitizer sees a step too far. */
static int parse(const char *text, size_t len, struct trine__h1_request *ret,
                 struct trine__h1_refusal *refusal)
{
    static char *copy;
    free(copy);
    copy = malloc(len);
    memcpy(copy, text, len);
    return trine__h1_parse(copy, len, ret, refusal);
}

static struct trine__h1_request parsed(const char *text, size_t len)
{
    struct trine__h1_request request;
    struct trine__h1_refusal refusal = { 0, "" };
    if (parse(text, len, &request, &refusal) != 0)
        fail_msg("refused with %d, %s: %s", refusal.status, refusal.reason, text);
    return request;
}

static void assert_slice(struct trine_slice slice, const char *text)
{
    assert_int_equal(slice.len, strlen(text));
    assert_memory_equal(slice.data, text, slice.len);
}

/* ---- heads that are understood */

struct good {
    const char *text;
    size_t len;
    int64_t content_length;
    bool chunked, keep_alive, expect_continue;
};

static const struct good good_heads[] = {
    { BYTES(GET END), 0, false, true, false },
    { BYTES("GET / HTTP/1.1\r\nhOsT:\r\n" END), 0, false, true, false },
    { BYTES(GET "Connection: close\r\n" END), 0, false, false, false },
    { BYTES(GET "Connection: CLOSE\r\n" END), 0, false, false, false },
    { BYTES(GET "Connection: x, close , y\r\n" END), 0, false, false, false },
    { BYTES(GET "Connection: x\r\nConnection: close\r\n" END), 0, false, false, false },
    { BYTES(GET "Connection: closed\r\n" END), 0, false, true, false },
    { BYTES(GET "Connection: ,,\r\n" END), 0, false, true, false },
    { BYTES(OLD END), 0, false, false, false },
    { BYTES(OLD HOST "Connection: keep-alive\r\n" END), 0, false, true, false },
    { BYTES(OLD "Connection: a\r\nConnection: Keep-Alive\r\n" END), 0, false, true, false },
    { BYTES(OLD "Connection: keep-alive, close\r\n" END), 0, false, false, false },
    { BYTES(OLD "Content-Length: 7\r\n" END), 7, false, false, false },
    { BYTES("GET / HTTP/1.7\r\n" HOST END), 0, false, true, false },
    { BYTES(POST "Content-Length: 0\r\n" END), 0, false, true, false },
    { BYTES(POST "Content-Length:\t 00042 \t\r\n" END), 42, false, true, false },
    { BYTES(POST "Content-Length: 999999999999999999\r\n" END), 999999999999999999, false, true,
      false },
    { BYTES(POST "Transfer-Encoding: chunked\r\n" END), 0, true, true, false },
    { BYTES(POST "transfer-ENCODING:CHUNKED\r\n" END), 0, true, true, false },
    { BYTES(POST "Expect: 100-continue\r\nContent-Length: 1\r\n" END), 1, false, true, true },
    { BYTES(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n" END), 1, false, true, true },
    { BYTES(POST "Expect: a miracle\r\n" END), 0, false, true, false },
    { BYTES("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n" END), 1, false,
      false, false },
    { BYTES(GET "X: caf\xc3\xa9 \t tab\r\n" END), 0, false, true, false },
    { BYTES(GET "X:\r\n" END), 0, false, true, false },
    { BYTES(GET "X: a:b: c\r\n" END), 0, false, true, false },
    { BYTES("!#$%&'*+-.^_`|~aZ09 * HTTP/1.1\r\n" HOST END), 0, false, true, false },
    { BYTES("GET http://a/b?c HTTP/1.1\r\n" HOST END), 0, false, true, false },
};

static void good_heads_are_understood(void **state)
{
    for (size_t i = 0; i < COUNT(good_heads); i++) {
        struct trine__h1_request request = parsed(good_heads[i].text, good_heads[i].len);
        if (request.content_length != good_heads[i].content_length ||
            request.chunked != good_heads[i].chunked ||
            request.keep_alive != good_heads[i].keep_alive ||
            request.expect_continue != good_heads[i].expect_continue)
            fail_msg("misunderstood: length %lld chunked %d keep %d expect %d of %s",
                     (long long)request.content_length, request.chunked, request.keep_alive,
                     request.expect_continue, good_heads[i].text);
    }
}

static void the_parts_of_a_head_are_found(void **state)
{
    static const char text[] =
        "PUT /a?b=c HTTP/1.0\r\nOne: \t1 1\t \r\nTWO:2\r\none: later\r\n\r\n";
    struct trine__h1_request request = parsed(BYTES(text));
    assert_slice(request.method, "PUT");
    assert_slice(request.target, "/a?b=c");
    assert_int_equal(request.minor, 0);
    assert_int_equal(request.header_count, 3);
    assert_slice(trine__h1_header(&request, "oNE"), "1 1");
    assert_slice(trine__h1_header(&request, "two"), "2");
    assert_null(trine__h1_header(&request, "tw").data);
    assert_null(trine__h1_header(&request, "two ").data);
}

/* ---- heads that are refused */

struct bad {
    const char *text;
    size_t len;
    int status;
};

static const struct bad bad_heads[] = {
    /* the request line */
    { BYTES(END), 400 },
    { BYTES(END END), 400 },
    { BYTES("GET\r\n" HOST END), 400 },
    { BYTES("GET /\r\n" HOST END), 400 },
    { BYTES(" GET / HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET  / HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET /  HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/1.1 \r\n" HOST END), 400 },
    { BYTES("GET /a b HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET\t/ HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET /\tHTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET  HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("G(T / HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("G\0T / HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET /\0 HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET /\x7f HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET /\x01 HTTP/1.1\r\n" HOST END), 400 },
    { BYTES("GET / http/1.1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/1.10\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/01.1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/1,1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/x.1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/1.x\r\n" HOST END), 400 },
    { BYTES("GET / HTPP/1.1\r\n" HOST END), 400 },
    { BYTES("GET / HTTP/2.0\r\n" HOST END), 505 },
    { BYTES("GET / HTTP/0.9\r\n" HOST END), 505 },
    { BYTES("PRI * HTTP/2.0\r\n\r\n"), 505 },
    /* ends of lines */
    { BYTES("GET / HTTP/1.1\n" HOST END), 400 },
    { BYTES("GET / HTTP/1.1\r" HOST END), 400 },
    { BYTES("GET / HTTP/1.1\r\nHost: a\n" END), 400 },
    { BYTES(GET "X: a\rY: b\r\n" END), 400 },
    { BYTES(GET "X: a\nY: b\r\n" END), 400 },
    { BYTES(GET "X: a\r\r\n" END), 400 },
    { BYTES(GET "\n"), 400 },
    { BYTES(GET), 400 },
    { BYTES("GET / HTTP/1.1"), 400 },
    /* names and values */
    { BYTES(GET " folded\r\n" END), 400 },
    { BYTES(GET "X: a\r\n b\r\n" END), 400 },
    { BYTES(GET "X: a\r\n\tb\r\n" END), 400 },
    { BYTES("GET / HTTP/1.1\r\n Host: a\r\n" END), 400 },
    { BYTES(GET "X : a\r\n" END), 400 },
    { BYTES(GET "X\t: a\r\n" END), 400 },
    { BYTES(GET ": a\r\n" END), 400 },
    { BYTES(GET "no colon\r\n" END), 400 },
    { BYTES(GET "X Y: a\r\n" END), 400 },
    { BYTES(GET "X\0: a\r\n" END), 400 },
    { BYTES(GET "\xc3\xa9: a\r\n" END), 400 },
    { BYTES(GET "X(c): a\r\n" END), 400 },
    { BYTES(GET "X: a\0b\r\n" END), 400 },
    { BYTES(GET "X: a\x0b\r\n" END), 400 },
    { BYTES(GET "X: \x7f\r\n" END), 400 },
    { BYTES(GET "X: \x1b[2J\r\n" END), 400 },
    /* the host */
    { BYTES("GET / HTTP/1.1\r\n" END), 400 },
    { BYTES("GET / HTTP/1.1\r\nHostess: a\r\n" END), 400 },
    { BYTES(GET HOST END), 400 },
    { BYTES(GET "HOST: b\r\n" END), 400 },
    { BYTES(OLD HOST HOST END), 400 },
    /* the length of the body */
    { BYTES(POST "Content-Length: 1\r\nContent-Length: 1\r\n" END), 400 },
    { BYTES(POST "Content-Length: 1\r\ncontent-length: 2\r\n" END), 400 },
    { BYTES(POST "Content-Length: 1, 1\r\n" END), 400 },
    { BYTES(POST "Content-Length: 1 1\r\n" END), 400 },
    { BYTES(POST "Content-Length: +1\r\n" END), 400 },
    { BYTES(POST "Content-Length: -1\r\n" END), 400 },
    { BYTES(POST "Content-Length: 0x1\r\n" END), 400 },
    { BYTES(POST "Content-Length: 1a\r\n" END), 400 },
    { BYTES(POST "Content-Length: 1.0\r\n" END), 400 },
    { BYTES(POST "Content-Length:\r\n" END), 400 },
    { BYTES(POST "Content-Length: 1234567890123456789\r\n" END), 400 },
    { BYTES(POST "Content-Length: 18446744073709551617\r\n" END), 400 },
    /* its coding */
    { BYTES(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n" END), 400 },
    { BYTES(POST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n" END), 400 },
    { BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END), 400 },
    { BYTES(POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n" END), 400 },
    { BYTES(POST "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: gzip\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: gzip, chunked\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: chunked, chunked\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: chunked;q=1\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: xchunked\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: \"chunked\"\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: identity\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding:\r\n" END), 501 },
    { BYTES(POST "Transfer-Encoding: \x0b"
                 "chunked\r\n" END),
      400 },
    { BYTES("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END), 400 },
};

static void bad_heads_are_refused_with_their_status(void **state)
{
    for (size_t i = 0; i < COUNT(bad_heads); i++) {
        struct trine__h1_request request;
        struct trine__h1_refusal refusal = { 0, NULL };
        int error = parse(bad_heads[i].text, bad_heads[i].len, &request, &refusal);
        if (error != -EBADMSG || refusal.status != bad_heads[i].status || refusal.reason == NULL)
            fail_msg("head %zu: %d with %d, not %d: %s", i, error, refusal.status,
                     bad_heads[i].status, bad_heads[i].text);
    }
}

static size_t head_of_many_headers(char *to, int count)
{
    size_t len = (size_t)sprintf(to, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < count; i++)
        len += (size_t)sprintf(to + len, "X-%d: %d\r\n", i, i);
    return len + (size_t)sprintf(to + len, "\r\n");
}

static void a_hundred_headers_are_the_most(void **state)
{
    char text[4096];
    struct trine__h1_request request = parsed(text, head_of_many_headers(text, 100));
    assert_int_equal(request.header_count, 100);
    assert_slice(trine__h1_header(&request, "x-99"), "99");
    struct trine__h1_refusal refusal;
    size_t len = head_of_many_headers(text, 101);
    assert_int_equal(parse(text, len, &request, &refusal), -EBADMSG);
    assert_int_equal(refusal.status, 431);
}

/* Every cut-off and every changed byte is either understood or refused, never read beyond. */
static void damaged_heads_are_survived(void **state)
{
    static const char text[] = POST "Connection: a, close\r\nTransfer-Encoding: chunked\r\n" END;
    struct trine__h1_request request;
    struct trine__h1_refusal refusal;
    for (size_t len = 0; len < sizeof text - 1; len++)
        assert_int_equal(parse(text, len, &request, &refusal), -EBADMSG);
    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            char changed[sizeof text];
            memcpy(changed, text, sizeof text);
            changed[at] = (char)byte;
            int error = parse(changed, sizeof text - 1, &request, &refusal);
            assert_true(error == 0 || (error == -EBADMSG && refusal.status >= 400));
        }
    }
}

static void the_end_of_a_head_is_found_wherever_it_is_split(void **state)
{
    static const char text[] = GET "X: \r\r\n" END "GET";
    size_t whole = trine__h1_head_len(BYTES(text), 0);
    assert_int_equal(whole, sizeof text - 1 - 3);
    for (size_t first = 0; first < sizeof text - 1; first++) {
        size_t len = trine__h1_head_len(text, first, 0);
        assert_int_equal(len, first >= whole ? whole : 0);
        if (first < whole)
            assert_int_equal(trine__h1_head_len(BYTES(text), first), whole);
    }
}

/* ---- chunked bodies */

struct outcome {
    int64_t taken; /* bytes of the message, or -EBADMSG */
    uint64_t total;
    bool done;
};

/* Goes over the bytes in pieces: up to `first`, up to `second`, the rest. */
static struct outcome pass_over(const char *text, size_t len, size_t first, size_t second)
{
    size_t ends[] = { first, second, len };
    struct trine__h1_chunks chunks = { 0 };
    struct outcome outcome = { 0 };
    for (size_t at = 0, i = 0; i < COUNT(ends) && !outcome.done; at = ends[i++]) {
        char *piece = malloc(ends[i] - at + 1);
        memcpy(piece, text + at, ends[i] - at);
        piece = realloc(piece, ends[i] - at > 0 ? ends[i] - at : 1);
        int64_t part = trine__h1_skip_chunks(&chunks, piece, ends[i] - at, &outcome.done);
        free(piece);
        if (part < 0)
            return (struct outcome){ .taken = part };
        assert_in_range(part, 0, ends[i] - at);
        outcome.taken += part;
    }
    outcome.total = chunks.total;
    return outcome;
}

struct body {
    const char *text;
    size_t len;
    struct outcome outcome;
};

#define WHOLE(text, total)                                                                         \
    {                                                                                              \
        text, sizeof(text) - 1,                                                                    \
        {                                                                                          \
            sizeof(text) - 1, total, true                                                          \
        }                                                                                          \
    }
#define PART(text, total)                                                                          \
    {                                                                                              \
        text, sizeof(text) - 1,                                                                    \
        {                                                                                          \
            sizeof(text) - 1, total, false                                                         \
        }                                                                                          \
    }
#define BAD(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1,                                                                    \
        {                                                                                          \
            -EBADMSG, 0, false                                                                     \
        }                                                                                          \
    }

static const struct body bodies[] = {
    WHOLE("0\r\n\r\n", 0),
    WHOLE("000\r\n\r\n", 0),
    WHOLE("5\r\nhello\r\n0\r\n\r\n", 5),
    WHOLE("5\r\nhello\r\n10\r\n0123456789abcdef\r\n00\r\n\r\n", 21),
    WHOLE("A\r\n0123456789\r\n0\r\n\r\n", 10),
    WHOLE("a\r\n\r\n0\r\n\r\n\r\n\0\r\n0\r\n\r\n", 10),
    WHOLE("1;name=value;\"quoted\"\r\nx\r\n0;last\r\n\r\n", 1),
    WHOLE("0\r\nTrailer: yes\r\nAnother: too\r\n\r\n", 0),
    { BYTES("1\r\nx\r\n0\r\n\r\nGET / HTTP/1.1\r\n"), { 11, 1, true } },
    PART("", 0),
    PART("5\r\nhel", 3),
    PART("5\r\nhello\r\n0\r\n\r", 5),
    PART("0\r\nTrailer: yes\r\n", 0),
    PART("fffffffffffffff\r\nx", 1),
    BAD("\r\n"),
    BAD(";\r\n"),
    BAD("g\r\n"),
    BAD("-1\r\n"),
    BAD("+1\r\n"),
    BAD("0x1\r\n"),
    BAD(" 1\r\n"),
    BAD("1 \r\n"),
    BAD("1\n"),
    BAD("1\rx"),
    BAD("1\r\nxy"),
    BAD("1\r\nx\n"),
    BAD("1\r\nx\r0"),
    BAD("1\r\nx\r\n\r\n"),
    BAD("1000000000000000\r\n"),
    BAD("00000000000000001\r\n"),
    BAD("ffffffffffffffff\r\n"),
    BAD("1;a\nb\r\n"),
    BAD("1;a\0\r\n"),
    BAD("0\r\n\rx"),
    BAD("0\r\n\n"),
    BAD("0\r\nTrailer\n"),
    BAD("0\r\nTrailer\rx"),
    BAD("0\r\nTrailer: \x01"),
};

static void chunked_bodies_end_the_same_at_every_split(void **state)
{
    for (size_t i = 0; i < COUNT(bodies); i++) {
        const struct body *body = &bodies[i];
        for (size_t first = 0; first <= body->len; first++) {
            for (size_t second = first; second <= body->len; second++) {
                struct outcome outcome = pass_over(body->text, body->len, first, second);
                if (outcome.taken != body->outcome.taken || outcome.total != body->outcome.total ||
                    outcome.done != body->outcome.done)
                    fail_msg("body %zu split at %zu and %zu: took %lld, total %llu, done %d", i,
                             first, second, (long long)outcome.taken,
                             (unsigned long long)outcome.total, outcome.done);
            }
        }
    }
}

static void endless_lines_of_a_chunked_body_are_refused(void **state)
{
    static char text[16384];
    memset(text, 'x', sizeof text);
    memcpy(text, "1;", 2);
    assert_int_equal(pass_over(text, 4000, 0, 0).taken, 4000);
    assert_int_equal(pass_over(text, sizeof text, 0, 0).taken, -EBADMSG);
    memcpy(text, "0\r\n", 3);
    assert_int_equal(pass_over(text, 4000, 0, 0).taken, 4000);
    assert_int_equal(pass_over(text, sizeof text, 0, 0).taken, -EBADMSG);
    for (size_t at = 3; at + 4 <= sizeof text; at += 4) /* many short ones */
        memcpy(text + at, "a:\r\n", 4);
    assert_int_equal(pass_over(text, sizeof text, 0, 0).taken, -EBADMSG);
}

/* ---- statuses */

static void statuses_have_phrases(void **state)
{
    assert_string_equal(trine__h1_phrase(200), "OK");
    assert_string_equal(trine__h1_phrase(404), "Not Found");
    assert_string_equal(trine__h1_phrase(299), "");
    assert_string_equal(trine__h1_phrase(-1), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_heads_are_understood),
        cmocka_unit_test(the_parts_of_a_head_are_found),
        cmocka_unit_test(bad_heads_are_refused_with_their_status),
        cmocka_unit_test(a_hundred_headers_are_the_most),
        cmocka_unit_test(damaged_heads_are_survived),
        cmocka_unit_test(the_end_of_a_head_is_found_wherever_it_is_split),
        cmocka_unit_test(chunked_bodies_end_the_same_at_every_split),
        cmocka_unit_test(endless_lines_of_a_chunked_body_are_refused),
        cmocka_unit_test(statuses_have_phrases),
    };
    return cmocka_run_group_tests_name("h1", tests, NULL, NULL);
}
