/* SPDX-License-Identifier: MIT */
/* RFC 9112 sections 2 to 7, RFC 9110 section 5. */
#include "http/h1.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

/* Longest chunk extension; longest trailer, all its lines together. */
#define LINE_MAX_BYTES 4096
/* A chunk size of more hexadecimal digits is nobody's body. */
#define SIZE_DIGITS_MAX 15

size_t trine__h1_head_len(const char *data, size_t len, size_t scanned)
{
    const char *from = data + (scanned > 3 ? scanned - 3 : 0);
    const char *end = memmem(from, (size_t)(data + len - from), "\r\n\r\n", 4);
    return end != NULL ? (size_t)(end - data) + 4 : 0;
}

/* ---- characters */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_token(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Bytes of a field value: no controls but the tab. */
static bool is_text(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static bool all(struct trine_slice slice, bool (*is)(char))
{
    for (size_t i = 0; i < slice.len; i++) {
        if (!is(slice.data[i]))
            return false;
    }
    return slice.len > 0;
}

static bool equals(struct trine_slice slice, const char *text)
{
    return slice.len == strlen(text) && strncasecmp(slice.data, text, slice.len) == 0;
}

static bool is_target(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f;
}

/* ---- parts of a head */

struct reader {
    const char *at, *end;
    struct trine__h1_refusal *refusal;
};

static int refuse(struct reader *reader, int status, const char *reason)
{
    *reader->refusal = (struct trine__h1_refusal){ status, reason };
    return -EBADMSG;
}

/* The next line without its CRLF; a CR or LF alone is never an end. */
static int next_line(struct reader *reader, struct trine_slice *ret)
{
    const char *line = reader->at;
    const char *lf = memchr(line, '\n', (size_t)(reader->end - line));
    if (lf == NULL || lf == line || lf[-1] != '\r')
        return refuse(reader, 400, "a line does not end in CRLF");
    *ret = (struct trine_slice){ line, (size_t)(lf - 1 - line) };
    if (memchr(ret->data, '\r', ret->len) != NULL)
        return refuse(reader, 400, "a carriage return stands alone");
    reader->at = lf + 1;
    return 0;
}

static int parse_version(struct reader *reader, struct trine_slice version, int *ret_minor)
{
    if (version.len != 8 || memcmp(version.data, "HTTP/", 5) != 0 || version.data[6] != '.' ||
        !is_digit(version.data[5]) || !is_digit(version.data[7]))
        return refuse(reader, 400, "the request line does not end in HTTP/1.1");
    if (version.data[5] != '1')
        return refuse(reader, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    *ret_minor = version.data[7] == '0' ? 0 : 1;
    return 0;
}

static int parse_request_line(struct reader *reader, struct trine__h1_request *request)
{
    struct trine_slice line = { NULL, 0 };
    int error = next_line(reader, &line);
    if (error < 0)
        return error;
    const char *first = memchr(line.data, ' ', line.len);
    const char *last = memrchr(line.data, ' ', line.len);
    if (first == NULL || first == last)
        return refuse(reader, 400, "the request line is not 'METHOD TARGET HTTP/1.1'");
    request->method = (struct trine_slice){ line.data, (size_t)(first - line.data) };
    request->target = (struct trine_slice){ first + 1, (size_t)(last - first - 1) };
    if (!all(request->method, is_token))
        return refuse(reader, 400, "the method is not a token");
    if (!all(request->target, is_target))
        return refuse(reader, 400, "the target is empty or holds a space or control character");
    struct trine_slice version = { last + 1, (size_t)(line.data + line.len - last - 1) };
    return parse_version(reader, version, &request->minor);
}

static struct trine_slice trim(struct trine_slice text)
{
    while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static int parse_header(struct reader *reader, struct trine_slice line,
                        struct trine__h1_request *request)
{
    const char *colon = memchr(line.data, ':', line.len);
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return refuse(reader, 400, "a header is folded over lines");
    if (colon == NULL)
        return refuse(reader, 400, "a header has no colon");
    struct trine_slice name = { line.data, (size_t)(colon - line.data) };
    struct trine_slice value = { colon + 1, (size_t)(line.data + line.len - colon - 1) };
    value = trim(value);
    if (!all(name, is_token))
        return refuse(reader, 400, "a header's name is empty or not a token");
    if (value.len > 0 && !all(value, is_text))
        return refuse(reader, 400, "a header's value holds a control character");
    if (request->header_count == TRINE__H1_HEADERS_MAX)
        return refuse(reader, 431, "more than 100 headers");
    request->headers[request->header_count++] = (struct trine__h1_header){ name, value };
    return 0;
}

/* ---- what the headers mean */

static unsigned count_of(const struct trine__h1_request *request, const char *name)
{
    unsigned count = 0;
    for (unsigned i = 0; i < request->header_count; i++)
        count += equals(request->headers[i].name, name);
    return count;
}

struct trine_slice trine__h1_header(const struct trine__h1_request *request, const char *name)
{
    for (unsigned i = 0; i < request->header_count; i++) {
        if (equals(request->headers[i].name, name))
            return request->headers[i].value;
    }
    return (struct trine_slice){ NULL, 0 };
}

static int parse_length(struct reader *reader, struct trine_slice text, int64_t *ret)
{
    int64_t length = 0;
    if (!all(text, is_digit) || text.len > 18)
        return refuse(reader, 400, "Content-Length is not a number");
    for (size_t i = 0; i < text.len; i++)
        length = length * 10 + (text.data[i] - '0');
    *ret = length;
    return 0;
}

static int understand_framing(struct reader *reader, struct trine__h1_request *request)
{
    unsigned lengths = count_of(request, "content-length");
    unsigned codings = count_of(request, "transfer-encoding");
    if (lengths > 1)
        return refuse(reader, 400, "more than one Content-Length");
    if (lengths > 0 && codings > 0)
        return refuse(reader, 400, "both Content-Length and Transfer-Encoding");
    if (codings > 0 && request->minor == 0)
        return refuse(reader, 400, "Transfer-Encoding in HTTP/1.0");
    if (codings > 0 && !equals(trine__h1_header(request, "transfer-encoding"), "chunked"))
        return refuse(reader, 501, "no transfer coding but chunked is known here");
    if (codings > 1)
        return refuse(reader, 400, "more than one Transfer-Encoding");
    request->chunked = codings > 0;
    return lengths > 0 ? parse_length(reader, trine__h1_header(request, "content-length"),
                                      &request->content_length)
                       : 0;
}

/* Whether `list`, comma-separated, names `token`. */
static bool lists(struct trine_slice list, const char *token)
{
    while (list.len > 0) {
        const char *comma = memchr(list.data, ',', list.len);
        size_t len = comma != NULL ? (size_t)(comma - list.data) : list.len;
        if (equals(trim((struct trine_slice){ list.data, len }), token))
            return true;
        size_t step = comma != NULL ? len + 1 : len;
        list.data += step;
        list.len -= step;
    }
    return false;
}

/* Whether any header `name` lists `token`: such a header may come in several lines. */
static bool any_lists(const struct trine__h1_request *request, const char *name, const char *token)
{
    for (unsigned i = 0; i < request->header_count; i++) {
        if (equals(request->headers[i].name, name) && lists(request->headers[i].value, token))
            return true;
    }
    return false;
}

static int understand(struct reader *reader, struct trine__h1_request *request)
{
    unsigned hosts = count_of(request, "host");
    if (hosts > 1 || (hosts == 0 && request->minor == 1))
        return refuse(reader, 400, "there must be one Host header");
    request->keep_alive = !any_lists(request, "connection", "close") &&
                          (request->minor == 1 || any_lists(request, "connection", "keep-alive"));
    /* In HTTP/1.0 it has no meaning (RFC 9110 10.1.1). */
    request->expect_continue =
        request->minor == 1 && equals(trine__h1_header(request, "expect"), "100-continue");
    return understand_framing(reader, request);
}

int trine__h1_parse(const char *data, size_t len, struct trine__h1_request *ret,
                    struct trine__h1_refusal *ret_refusal)
{
    struct reader reader = { data, data + len, ret_refusal };
    ret->header_count = 0;
    ret->content_length = 0;
    int error = parse_request_line(&reader, ret);
    for (;;) {
        struct trine_slice line = { NULL, 0 };
        if (error == 0)
            error = next_line(&reader, &line);
        if (error < 0)
            return error;
        if (line.len == 0)
            return understand(&reader, ret);
        error = parse_header(&reader, line, ret);
    }
}

/* ---- chunked bodies
 *
 *     SIZE -> EXTENSION? -> SIZE_LF -> DATA -> DATA_CR -> DATA_LF -> SIZE ...
 *                             \- size 0 -> TRAILER (a line's start) -> TRAILER_LINE | END_LF */

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    TRAILER,
    TRAILER_LINE,
    TRAILER_LF,
    END_LF
};

static int hex_value(char c)
{
    if (is_digit(c))
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int step_size(struct trine__h1_chunks *chunks, char c)
{
    int digit = hex_value(c);
    if (digit >= 0) {
        if (chunks->digits++ == SIZE_DIGITS_MAX)
            return -EBADMSG;
        chunks->left = chunks->left * 16 + (unsigned)digit;
        return SIZE;
    }
    if (chunks->digits == 0)
        return -EBADMSG;
    chunks->line = 0;
    if (c == ';')
        return EXTENSION;
    return c == '\r' ? SIZE_LF : -EBADMSG;
}

static int step_line(struct trine__h1_chunks *chunks, char c, int same, int after_cr)
{
    if (c == '\r')
        return after_cr;
    if (!is_text(c) || chunks->line++ == LINE_MAX_BYTES)
        return -EBADMSG;
    return same;
}

static int step(struct trine__h1_chunks *chunks, char c)
{
    switch (chunks->state) {
    case SIZE:
        return step_size(chunks, c);
    case EXTENSION:
        return step_line(chunks, c, EXTENSION, SIZE_LF);
    case SIZE_LF:
        chunks->digits = 0;
        chunks->line = 0;
        return c != '\n' ? -EBADMSG : chunks->left > 0 ? DATA : TRAILER;
    case DATA_CR:
        return c == '\r' ? DATA_LF : -EBADMSG;
    case DATA_LF:
        return c == '\n' ? SIZE : -EBADMSG;
    case TRAILER:
        return c == '\r' ? END_LF : step_line(chunks, c, TRAILER_LINE, TRAILER_LF);
    case TRAILER_LINE:
        return step_line(chunks, c, TRAILER_LINE, TRAILER_LF);
    default: /* TRAILER_LF */
        return c == '\n' ? TRAILER : -EBADMSG;
    }
}

int64_t trine__h1_skip_chunks(struct trine__h1_chunks *chunks, const char *data, size_t len,
                              bool *ret_done)
{
    for (size_t at = 0; at < len;) {
        if (chunks->state == DATA) {
            size_t part = chunks->left < len - at ? (size_t)chunks->left : len - at;
            chunks->left -= part;
            chunks->total += part;
            at += part;
            if (chunks->left == 0)
                chunks->state = DATA_CR;
            continue;
        }
        char c = data[at++];
        if (chunks->state == END_LF) {
            if (c != '\n')
                return -EBADMSG;
            *ret_done = true;
            return (int64_t)at;
        }
        int next = step(chunks, c);
        if (next < 0)
            return next;
        chunks->state = (uint8_t)next;
    }
    *ret_done = false;
    return (int64_t)len;
}

/* ---- statuses */

const char *trine__h1_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        { 100, "Continue" },
        { 200, "OK" },
        { 201, "Created" },
        { 202, "Accepted" },
        { 204, "No Content" },
        { 206, "Partial Content" },
        { 301, "Moved Permanently" },
        { 302, "Found" },
        { 303, "See Other" },
        { 304, "Not Modified" },
        { 307, "Temporary Redirect" },
        { 308, "Permanent Redirect" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 408, "Request Timeout" },
        { 409, "Conflict" },
        { 410, "Gone" },
        { 413, "Content Too Large" },
        { 414, "URI Too Long" },
        { 418, "I'm a teapot" },
        { 429, "Too Many Requests" },
        { 431, "Request Header Fields Too Large" },
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 502, "Bad Gateway" },
        { 503, "Service Unavailable" },
        { 504, "Gateway Timeout" },
        { 505, "HTTP Version Not Supported" },
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "";
}
