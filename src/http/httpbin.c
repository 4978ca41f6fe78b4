/* SPDX-License-Identifier: MIT */
#include "http/httpbin.h"
#include "http/server.h"
#include "sys/sys.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine.h>

#define BYTES_MAX      (100ULL * 1024 * 1024)
#define DELAY_MAX      10.0 /* seconds, as httpbin's */
#define JSON           "application/json"
#define ALLOW_GET      "Allow: GET, HEAD\r\n"
#define PATH_MAX_BYTES 256

/* ---- the fifteen pages: sizes as the tutorial prints its smallest and largest, the rest between
 * them; delays drawn once, evenly, from 20 to 100 ms. */

static const struct {
    uint32_t size;
    uint32_t delay_us;
} pages[TRINE__HTTPBIN_PAGES] = {
    { 56765, 24700 },  { 84210, 61300 },  { 97433, 33900 },  { 121806, 98100 }, { 143528, 45200 },
    { 168004, 71800 }, { 187771, 20300 }, { 209650, 54600 }, { 236912, 88400 }, { 268137, 29500 },
    { 301299, 66200 }, { 338845, 40700 }, { 379018, 79900 }, { 421376, 36100 }, { 468461, 35300 },
};

size_t trine__httpbin_page_size(unsigned index)
{
    return pages[index].size;
}

int64_t trine__httpbin_page_delay(unsigned index)
{
    return TRINE_MICROSECONDS(pages[index].delay_us);
}

#define PAGE_END "</p></body></html>\n"

static int page_start(unsigned index, char *to, size_t size)
{
    return snprintf(
        to, size,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<title>Page %u of the encyclopedia</title></head>\n<body><h1>Page %u</h1>\n<p>",
        index, index);
}

/* Text that can be made from any offset: a sentence over and over, without a character that HTML
 * minds. */
static char text_at(uint64_t offset)
{
    static const char sentence[] = "The order of the tasks is not the order of their ends, and "
                                   "none of them waits for another. ";
    return sentence[offset % (sizeof sentence - 1)];
}

static char page_byte(unsigned index, const char *start, size_t start_len, uint64_t offset)
{
    uint64_t end = pages[index].size - (sizeof PAGE_END - 1);
    if (offset < start_len)
        return start[offset];
    return offset >= end ? PAGE_END[offset - end] : text_at(offset - start_len);
}

static void fill_page(void *arg, uint64_t offset, char *to, size_t len)
{
    unsigned index = (unsigned)(uintptr_t)arg;
    char start[PATH_MAX_BYTES];
    size_t start_len = (size_t)page_start(index, start, sizeof start);
    for (size_t i = 0; i < len; i++)
        to[i] = page_byte(index, start, start_len, offset + i);
}

/* ---- random-looking bytes, the same for the same seed (splitmix64, Steele and others, 2014) */

static void fill_bytes(void *arg, uint64_t offset, char *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t at = offset + i, x = (uint64_t)(uintptr_t)arg + (at / 8 + 1) * 0x9e3779b97f4a7c15;
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        x ^= x >> 31;
        to[i] = (char)(x >> (at % 8 * 8));
    }
}

/* ---- a request's path and its parts */

struct path {
    char text[PATH_MAX_BYTES]; /* without the query */
    struct trine_slice query;
};

/* The path of "/path?query" or "http://host/path?query". False: too long for any route here. */
static bool split_target(struct trine_slice target, struct path *ret)
{
    const char *at = target.data, *end = target.data + target.len;
    if (target.len > 7 && memcmp(at, "http://", 7) == 0) {
        at = memchr(at + 7, '/', (size_t)(end - at) - 7);
        if (at == NULL)
            at = end;
    }
    const char *question = memchr(at, '?', (size_t)(end - at));
    size_t len = (size_t)((question != NULL ? question : end) - at);
    if (len >= sizeof ret->text)
        return false;
    memcpy(ret->text, at, len);
    ret->text[len] = '\0';
    ret->query = question != NULL
                     ? (struct trine_slice){ question + 1, (size_t)(end - question - 1) }
                     : (struct trine_slice){ NULL, 0 };
    return true;
}

/* The number behind `prefix`, if that is all there is: digits, with a point among them if a
 * `fraction` makes sense. */
static bool number_after(const char *path, const char *prefix, bool fraction, double *ret)
{
    size_t len = strlen(prefix);
    if (strncmp(path, prefix, len) != 0 || path[len] < '0' || path[len] > '9')
        return false;
    const char *at = path + len;
    double number = 0, weight = 1;
    for (; *at >= '0' && *at <= '9'; at++)
        number = number * 10 + (*at - '0');
    if (fraction && *at == '.') {
        for (at++; *at >= '0' && *at <= '9'; at++)
            number += (*at - '0') * (weight /= 10);
    }
    *ret = number;
    return *at == '\0';
}

/* ---- routes */

static int say(struct trine__reply *reply, int status, const char *text)
{
    reply->status = status;
    reply->body = trine__strdup(text);
    reply->len = reply->body != NULL ? strlen(reply->body) : 0;
    return reply->body != NULL ? 0 : -ENOMEM;
}

static int say_error(struct trine__reply *reply, int status, const char *sentence)
{
    char text[256];
    snprintf(text, sizeof text, "{\"error\": \"%s\"}\n", sentence);
    reply->type = JSON;
    return say(reply, status, text);
}

/* Takes `object`. */
static int say_json(struct trine__reply *reply, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_INDENT(2) | JSON_SORT_KEYS) : NULL;
    json_decref(object);
    if (text == NULL)
        return -ENOMEM;
    reply->type = JSON;
    int error = say(reply, 200, text);
    free(text); /* jansson's */
    return error;
}

static json_t *string_of(struct trine_slice text)
{
    json_t *string = json_stringn(text.data, text.len);
    return string != NULL ? string : json_string(""); /* not UTF-8 */
}

static json_t *args_of(struct trine_slice query)
{
    json_t *args = json_object();
    while (args != NULL && query.len > 0) {
        const char *amp = memchr(query.data, '&', query.len);
        size_t len = amp != NULL ? (size_t)(amp - query.data) : query.len;
        const char *equals = memchr(query.data, '=', len);
        size_t name_len = equals != NULL ? (size_t)(equals - query.data) : len;
        struct trine_slice value = { query.data + name_len + (equals != NULL),
                                     len - name_len - (equals != NULL) };
        char name[PATH_MAX_BYTES];
        snprintf(name, sizeof name, "%.*s", (int)name_len, query.data);
        json_object_set_new(args, name, string_of(value));
        query.data += len + (amp != NULL);
        query.len -= len + (amp != NULL);
    }
    return args;
}

static json_t *headers_of(const struct trine__h1_request *request)
{
    json_t *headers = json_object();
    for (unsigned i = 0; headers != NULL && i < request->header_count; i++) {
        char name[PATH_MAX_BYTES];
        snprintf(name, sizeof name, "%.*s", (int)request->headers[i].name.len,
                 request->headers[i].name.data);
        json_object_set_new(headers, name, string_of(request->headers[i].value));
    }
    return headers;
}

static int route_get(const struct trine__h1_request *request, const struct path *path,
                     struct trine__reply *reply)
{
    struct trine_slice host = trine__h1_header(request, "host");
    char *url = trine__asprintf("http://%.*s%.*s", (int)host.len, host.len > 0 ? host.data : "",
                                (int)request->target.len, request->target.data);
    if (url == NULL)
        return -ENOMEM;
    json_t *string = string_of((struct trine_slice){ url, strlen(url) });
    trine__free(url);
    return say_json(reply,
                    json_pack("{s:o, s:o, s:s, s:o}", "args", args_of(path->query), "headers",
                              headers_of(request), "origin", request->peer, "url", string));
}

static int route_delay(double seconds, const struct path *path, struct trine__reply *reply)
{
    int error = trine_sleep((int64_t)((seconds < DELAY_MAX ? seconds : DELAY_MAX) * 1e9));
    if (error < 0)
        return error;
    return say_json(reply, json_pack("{s:o, s:f}", "args", args_of(path->query), "delay", seconds));
}

static int route_bytes(double count, const struct path *path, struct trine__reply *reply)
{
    unsigned long long seed = 0;
    if (count > (double)BYTES_MAX)
        return say_error(reply, 400, "at most 104857600 bytes at once");
    if (path->query.len > 5 && memcmp(path->query.data, "seed=", 5) == 0)
        seed = strtoull(path->query.data + 5, NULL, 10);
    reply->status = 200;
    reply->type = "application/octet-stream";
    reply->fill = fill_bytes;
    reply->fill_arg = (void *)(uintptr_t)seed;
    reply->len = (uint64_t)count;
    return 0;
}

static int route_page(double number, struct trine__reply *reply)
{
    if (number >= TRINE__HTTPBIN_PAGES)
        return say_error(reply, 404, "there are pages 0 to 14");
    unsigned index = (unsigned)number;
    int error = trine_sleep(trine__httpbin_page_delay(index));
    if (error < 0)
        return error;
    reply->status = 200;
    reply->type = "text/html; charset=utf-8";
    reply->fill = fill_page;
    reply->fill_arg = (void *)(uintptr_t)index;
    reply->len = trine__httpbin_page_size(index);
    return 0;
}

static int route_status(double number, struct trine__reply *reply)
{
    if (number < 200 || number > 599)
        return say_error(reply, 400, "a final status is 200 to 599");
    char text[64];
    snprintf(text, sizeof text, "%d %s\n", (int)number, trine__h1_phrase((int)number));
    return say(reply, (int)number, number == 204 || number == 205 || number == 304 ? "" : text);
}

static const char index_text[] =
    "trine httpbin\n\n"
    "/get            what you sent, as JSON\n"
    "/delay/N        answers after N seconds (at most 10)\n"
    "/bytes/N        N bytes, the same each time; ?seed=S for others\n"
    "/page/N         page 0 to 14, 56,765 to 468,461 bytes, after 20 to 98 ms\n"
    "/status/N       answers with that status\n";

static int handle(const struct trine__h1_request *request, struct trine__reply *reply, void *arg)
{
    struct path path;
    double number;
    struct trine_slice method = request->method;
    if (!(method.len == 3 && memcmp(method.data, "GET", 3) == 0) &&
        !(method.len == 4 && memcmp(method.data, "HEAD", 4) == 0)) {
        reply->extra = ALLOW_GET;
        return say_error(reply, 405, "only GET and HEAD are answered here");
    }
    if (!split_target(request->target, &path))
        return say_error(reply, 414, "no route has a path that long");
    if (strcmp(path.text, "/") == 0)
        return say(reply, 200, index_text);
    if (strcmp(path.text, "/get") == 0)
        return route_get(request, &path, reply);
    if (number_after(path.text, "/delay/", true, &number))
        return route_delay(number, &path, reply);
    if (number_after(path.text, "/bytes/", false, &number))
        return route_bytes(number, &path, reply);
    if (number_after(path.text, "/page/", false, &number))
        return route_page(number, reply);
    if (number_after(path.text, "/status/", false, &number))
        return route_status(number, reply);
    return say_error(reply, 404, "no such route; / lists them");
}

int trine__httpbin_serve(int listener)
{
    return trine__http_serve(listener, handle, NULL, NULL);
}
