/* SPDX-License-Identifier: MIT */
/* The routes of the test server: what each answers, and to what it says no. */
#include "http/httpbin.h"
#include "http/server_suite.h"
#include <jansson.h>

static int serve(int listener, void *arg)
{
    return trine__httpbin_serve(listener);
}

/* A body with the server around it. */
#define SERVED(name)                                                                               \
    static void name##_served(struct served *served);                                              \
    IN_A_TASK(name)                                                                                \
    {                                                                                              \
        struct served served;                                                                      \
        start_server(&served, serve, NULL);                                                        \
        name##_served(&served);                                                                    \
        stop_server(&served);                                                                      \
        return 0;                                                                                  \
    }                                                                                              \
    static void name##_served(struct served *served)

struct answer {
    char *all;
    const char *body;
    size_t len;
    int status;
};

static struct answer request(const struct served *served, const char *method, const char *target)
{
    struct answer answer;
    char *text = trine__asprintf(
        "%s %s HTTP/1.1\r\nHost: here:1\r\nX-Mine: yes\r\nConnection: close\r\n\r\n", method,
        target);
    assert_non_null(text);
    size_t len;
    answer.all = ask(served, text, &len);
    trine__free(text);
    assert_int_equal(sscanf(answer.all, "HTTP/1.1 %d ", &answer.status), 1);
    const char *end = strstr(answer.all, "\r\n\r\n");
    assert_non_null(end);
    answer.body = end + 4;
    answer.len = len - (size_t)(answer.body - answer.all);
    return answer;
}

static struct answer get(const struct served *served, const char *target)
{
    return request(served, "GET", target);
}

static json_t *json_of(const struct answer *answer)
{
    assert_holds(answer->all, "\r\nContent-Type: application/json\r\n");
    json_t *json = json_loadb(answer->body, answer->len, 0, NULL);
    if (json == NULL)
        fail_msg("no JSON: %s", answer->body);
    return json;
}

static void assert_string(const json_t *object, const char *name, const char *wanted)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    assert_string_equal(text, wanted);
}

/* Refusals are JSON with a sentence. */
static void assert_no(const struct served *served, const char *method, const char *target,
                      int status)
{
    struct answer answer = request(served, method, target);
    if (answer.status != status)
        fail_msg("%d, not %d to %s %s", answer.status, status, method, target);
    json_t *json = json_of(&answer);
    assert_true(json_string_length(json_object_get(json, "error")) > 0);
    json_decref(json);
    free(answer.all);
}

/* ---- what is answered */

SERVED(the_index_lists_the_routes)
{
    struct answer answer = get(served, "/");
    assert_int_equal(answer.status, 200);
    static const char *const routes[] = { "/get", "/delay/", "/bytes/", "/page/", "/status/" };
    for (size_t i = 0; i < COUNT(routes); i++)
        assert_holds(answer.body, routes[i]);
    free(answer.all);
}

SERVED(get_tells_what_was_sent)
{
    static const char *const targets[] = { "/get?a=b&empty=&alone&c=d=e",
                                           "http://here:1/get?a=b&empty=&alone&c=d=e" };
    for (size_t i = 0; i < COUNT(targets); i++) {
        struct answer answer = get(served, targets[i]);
        json_t *json = json_of(&answer), *args = json_object_get(json, "args");
        assert_int_equal(json_object_size(args), 4);
        assert_string(args, "a", "b");
        assert_string(args, "empty", "");
        assert_string(args, "alone", "");
        assert_string(args, "c", "d=e");
        assert_string(json_object_get(json, "headers"), "X-Mine", "yes");
        if (i == 0)
            assert_string(json, "url", "http://here:1/get?a=b&empty=&alone&c=d=e");
        json_decref(json);
        free(answer.all);
    }
}

SERVED(what_is_no_text_or_very_long_is_survived)
{
    struct answer answer = get(served, "/get?\xff=\xfe&a=\xc3\x28");
    assert_int_equal(answer.status, 200);
    json_t *json = json_of(&answer);
    assert_string(json_object_get(json, "args"), "a", "");
    json_decref(json);
    free(answer.all);
    char target[8000] = "/get?q=";
    memset(target + 7, 'x', sizeof target - 8);
    target[sizeof target - 1] = '\0';
    answer = get(served, target);
    json = json_of(&answer);
    assert_string(json_object_get(json, "args"), "q", target + 7);
    assert_holds(json_string_value(json_object_get(json, "url")), target);
    json_decref(json);
    free(answer.all);
}

SERVED(bytes_are_the_same_for_the_same_seed)
{
    struct answer first = get(served, "/bytes/100000"), second = get(served, "/bytes/100000");
    struct answer other = get(served, "/bytes/100000?seed=1"), less = get(served, "/bytes/99999");
    assert_holds(first.all, "Content-Type: application/octet-stream\r\n");
    assert_int_equal(first.len, 100000);
    assert_int_equal(second.len, 100000);
    assert_memory_equal(first.body, second.body, first.len);
    assert_int_equal(other.len, 100000);
    assert_memory_not_equal(first.body, other.body, first.len);
    assert_int_equal(less.len, 99999); /* however the pieces fall */
    assert_memory_equal(first.body, less.body, less.len);
    free(first.all);
    free(second.all);
    free(other.all);
    free(less.all);
    struct answer none = get(served, "/bytes/0");
    assert_int_equal(none.status, 200);
    assert_int_equal(none.len, 0);
    free(none.all);
    struct answer most = request(served, "HEAD", "/bytes/104857600");
    assert_holds(most.all, "Content-Length: 104857600\r\n");
    assert_int_equal(most.len, 0);
    free(most.all);
}

SERVED(statuses_are_given_as_asked)
{
    static const int statuses[] = { 200, 201, 204, 205, 299, 304, 404, 418, 500, 599 };
    char target[32];
    for (size_t i = 0; i < COUNT(statuses); i++) {
        snprintf(target, sizeof target, "/status/%d", statuses[i]);
        struct answer answer = get(served, target);
        assert_int_equal(answer.status, statuses[i]);
        bool silent = statuses[i] == 204 || statuses[i] == 205 || statuses[i] == 304;
        assert_int_equal(answer.len == 0, silent);
        free(answer.all);
    }
}

SERVED(a_delay_is_waited_for)
{
    int64_t start = trine_now();
    struct answer answer = get(served, "/delay/0.05?a=b");
    assert_true(trine_now() - start >= TRINE_MILLISECONDS(50));
    json_t *json = json_of(&answer);
    assert_string(json_object_get(json, "args"), "a", "b");
    double delay = json_number_value(json_object_get(json, "delay"));
    assert_true(delay > 0.0499 && delay < 0.0501);
    json_decref(json);
    free(answer.all);
    answer = get(served, "/delay/0");
    assert_int_equal(answer.status, 200);
    free(answer.all);
}

/* ---- what is refused */

SERVED(what_is_no_route_is_refused_in_json)
{
    static const char *const missing[] = {
        "/nosuch",      "/get/",       "/GET",
        "/bytes/",      "/bytes/x",    "/bytes/-1",
        "/bytes/1.5",   "/bytes/1e3",  "/bytes/0x1",
        "/bytes/+1",    "/bytes/1/",   "/bytes/%31",
        "/delay/",      "/delay/x",    "/delay/-1",
        "/delay/1e-3",  "/delay/inf",  "/delay/nan",
        "/delay/1.2.3", "/page/",      "/page/15",
        "/page/-1",     "/page/1.5",   "/page/99999999999999999999",
        "/status/",     "/status/2xx", "*",
    };
    for (size_t i = 0; i < COUNT(missing); i++)
        assert_no(served, "GET", missing[i], 404);
    assert_no(served, "GET", "/status/199", 400);
    assert_no(served, "GET", "/status/600", 400);
    assert_no(served, "GET", "/status/100", 400);
    assert_no(served, "GET", "/bytes/104857601", 400);
    assert_no(served, "GET", "/bytes/99999999999999999999999999", 400);
}

SERVED(other_methods_are_refused_and_told_which_are_not)
{
    static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "get", "GETS" };
    for (size_t i = 0; i < COUNT(methods); i++)
        assert_no(served, methods[i], "/get", 405);
    struct answer answer = request(served, "PATCH", "/");
    assert_holds(answer.all, "\r\nAllow: GET, HEAD\r\n");
    free(answer.all);
}

SERVED(a_long_path_is_refused)
{
    char target[400] = "/status/";
    memset(target + 8, '0', sizeof target - 9);
    assert_no(served, "GET", target, 414);
}

/* ---- the fifteen pages */

SERVED(pages_have_their_sizes_and_are_html)
{
    size_t smallest = SIZE_MAX, largest = 0;
    for (unsigned i = 0; i < TRINE__HTTPBIN_PAGES; i++) {
        char target[32];
        snprintf(target, sizeof target, "/page/%u", i);
        struct answer answer = get(served, target);
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.len, trine__httpbin_page_size(i));
        assert_holds(answer.all, "Content-Type: text/html; charset=utf-8\r\n");
        assert_begins(answer.body, "<!DOCTYPE html>\n");
        assert_string_equal(answer.body + answer.len - 19, "</p></body></html>\n");
        assert_int_equal(strlen(answer.body), answer.len);
        smallest = answer.len < smallest ? answer.len : smallest;
        largest = answer.len > largest ? answer.len : largest;
        free(answer.all);
    }
    assert_int_equal(smallest, 56765);
    assert_int_equal(largest, 468461);
}

static void the_delays_sum_up(void **state)
{
    int64_t sum = 0;
    for (unsigned i = 0; i < TRINE__HTTPBIN_PAGES; i++) {
        int64_t delay = trine__httpbin_page_delay(i);
        assert_in_range(delay, TRINE_MILLISECONDS(20), TRINE_MICROSECONDS(98100));
        sum += delay;
    }
    assert_int_equal(sum, TRINE_MILLISECONDS(786));
}

struct page {
    const struct served *served;
    unsigned index;
};

static int fetch_page(void *arg)
{
    const struct page *page = arg;
    char target[32];
    snprintf(target, sizeof target, "/page/%u", page->index);
    int64_t start = trine_now();
    struct answer answer = get(page->served, target);
    assert_true(trine_now() - start >= trine__httpbin_page_delay(page->index));
    assert_int_equal(answer.len, trine__httpbin_page_size(page->index));
    free(answer.all);
    return 0;
}

SERVED(pages_wait_their_delays_side_by_side)
{
    struct page pages[TRINE__HTTPBIN_PAGES];
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (unsigned i = 0; i < TRINE__HTTPBIN_PAGES; i++) {
        pages[i] = (struct page){ served, i };
        trine_spawn(&group, fetch_page, &pages[i]);
    }
    assert_int_equal(trine_group_close(&group), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_index_lists_the_routes),
        TEST(get_tells_what_was_sent),
        TEST(what_is_no_text_or_very_long_is_survived),
        TEST(bytes_are_the_same_for_the_same_seed),
        TEST(statuses_are_given_as_asked),
        TEST(a_delay_is_waited_for),
        TEST(what_is_no_route_is_refused_in_json),
        TEST(other_methods_are_refused_and_told_which_are_not),
        TEST(a_long_path_is_refused),
        TEST(pages_have_their_sizes_and_are_html),
        TEST(the_delays_sum_up),
        TEST(pages_wait_their_delays_side_by_side),
    };
    return RUN_TESTS(tests);
}
