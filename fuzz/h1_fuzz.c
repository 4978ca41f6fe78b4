/* SPDX-License-Identifier: MIT */
/* Fuzzes the reader of HTTP/1.1 requests: heads and chunked bodies. Besides what the sanitizers
 * see, what is understood must hold together, and must not depend on how the bytes arrive. */
#include "http/h1.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            abort();                                                                               \
    } while (0)

/* Memory of exactly that size, so that the first byte beyond is noticed. */
static char *copy_of(const char *data, size_t len)
{
    char *copy = malloc(len);
    if (len > 0)
        memcpy(copy, data, len);
    return copy;
}

/* ---- heads */

static void must_lie_within(struct trine_slice slice, const char *data, size_t len)
{
    MUST(slice.data >= data && slice.len <= len && slice.data <= data + len - slice.len);
}

static void must_hold_together(const struct trine__h1_request *request, const char *data,
                               size_t len)
{
    MUST(request->method.len > 0 && request->target.len > 0);
    must_lie_within(request->method, data, len);
    must_lie_within(request->target, data, len);
    MUST(request->minor == 0 || request->minor == 1);
    MUST(request->header_count <= TRINE__H1_HEADERS_MAX);
    MUST(request->content_length >= 0);
    MUST(!request->chunked || (request->content_length == 0 && request->minor == 1));
    MUST(request->minor == 0 || trine__h1_header(request, "Host").data != NULL);
    for (unsigned i = 0; i < request->header_count; i++) {
        must_lie_within(request->headers[i].name, data, len);
        must_lie_within(request->headers[i].value, data, len);
        MUST(memchr(request->headers[i].value.data, '\n', request->headers[i].value.len) == NULL);
    }
}

static void parse(const char *data, size_t len)
{
    struct trine__h1_request request;
    struct trine__h1_refusal refusal = { 0, NULL };
    char *copy = copy_of(data, len);
    int error = trine__h1_parse(copy, len, &request, &refusal);
    MUST(error == 0 || (error == -EBADMSG && refusal.status >= 400 && refusal.reason != NULL));
    if (error == 0)
        must_hold_together(&request, copy, len);
    free(copy);
}

/* The end of the head as a server finds it that gets the bytes in pieces of `step`. */
static size_t head_in_steps(const char *data, size_t len, size_t step)
{
    size_t scanned = 0;
    for (size_t have = step; scanned < len; have += step) {
        if (have > len)
            have = len;
        char *copy = copy_of(data, have);
        size_t head = trine__h1_head_len(copy, have, scanned);
        free(copy);
        if (head > 0)
            return head;
        scanned = have;
    }
    return 0;
}

/* ---- chunked bodies */

struct outcome {
    int64_t taken; /* bytes, or -EBADMSG */
    uint64_t total;
    bool done;
};

/* `seed` 0: all at once; else pieces whose lengths follow from it. */
static struct outcome pass_over(const char *data, size_t len, unsigned seed)
{
    struct trine__h1_chunks chunks = { 0 };
    struct outcome outcome = { 0, 0, false };
    for (size_t at = 0; at < len && !outcome.done;) {
        seed = seed * 1103515245 + 12345 * (seed != 0);
        size_t size = seed != 0 ? 1 + (seed >> 16) % 9 : len;
        size = size < len - at ? size : len - at;
        char *piece = copy_of(data + at, size);
        int64_t part = trine__h1_skip_chunks(&chunks, piece, size, &outcome.done);
        free(piece);
        if (part < 0)
            return (struct outcome){ part, 0, false };
        MUST((size_t)part <= size && (outcome.done || (size_t)part == size));
        outcome.taken += part;
        at += size;
    }
    outcome.total = chunks.total;
    return outcome;
}

static void must_be_equal(struct outcome one, struct outcome other)
{
    MUST(one.taken == other.taken && one.total == other.total && one.done == other.done);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char *data = (const char *)bytes;
    if (size == 0)
        return 0;
    unsigned seed = bytes[0];
    size_t head = trine__h1_head_len(data, size, 0);
    MUST(head <= size && head == head_in_steps(data, size, 1 + seed % 7));
    parse(data, size);
    if (head > 0)
        parse(data, head);

    const char *body = data + head;
    struct outcome whole = pass_over(body, size - head, 0);
    MUST(whole.taken >= 0 || whole.taken == -EBADMSG);
    MUST(whole.taken < 0 || whole.total <= (uint64_t)whole.taken);
    must_be_equal(whole, pass_over(body, size - head, seed + 1));
    must_be_equal(whole, pass_over(body, size - head, (unsigned)size + 257));
    return 0;
}
