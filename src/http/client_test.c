/* SPDX-License-Identifier: MIT */
#include "http/client_suite.h"

/* A body that runs in a plain thread first, then as a task. */
#define THREAD_THEN_TASK(name)                                                                     \
    static int name##_body(void *arg);                                                             \
    static void name(void **state)                                                                 \
    {                                                                                              \
        assert_int_equal(name##_body(NULL), 0);                                                    \
        assert_int_equal(trine_run(name##_body, NULL, NULL), 0);                                   \
    }                                                                                              \
    static int name##_body(void *arg)

static int get_with(struct trine_client *client, const char *path, struct trine_response **ret)
{
    char url[128];
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", peer.port, path);
    return trine_http_get(client, url, ret);
}

static void assert_hello(const struct trine_response *response)
{
    assert_int_equal(trine_response_status(response), 200);
    assert_int_equal(trine_response_body(response).len, 5);
    assert_memory_equal(trine_response_body(response).data, "hello", 5);
}

/* The call fails with this code, and the sentence has the words and begins with the URL. */
static void assert_fails(int got, int code, const char *url, const char *words)
{
    const char *sentence = trine_error_message(trine_error_last());
    if (got != code || strncmp(sentence, url, strlen(url)) != 0 || strstr(sentence, words) == NULL)
        fail_msg("%s: %d, with: %s", url, got, sentence);
}

static void path_fails(struct trine_client *client, const char *path, int code, const char *words)
{
    char url[128];
    struct trine_response *response = NULL;
    snprintf(url, sizeof url, "http://127.0.0.1:%u%s", peer.port, path);
    assert_fails(trine_http_get(client, url, &response), code, url, words);
    assert_null(response);
}

/* ---- answers */

THREAD_THEN_TASK(an_answer_has_status_body_headers_and_url)
{
    struct trine_response *response = NULL;
    assert_int_equal(get_with(NULL, "/ok", &response), 0);
    assert_hello(response);
    assert_string_equal(trine_response_header(response, "X-mAnY"), "two");
    assert_string_equal(trine_response_header(response, "content-length"), "5");
    assert_null(trine_response_header(response, "X-Man"));
    assert_non_null(strstr(trine_response_url(response), "/ok"));
    trine_response_free(response);
    trine_response_free(NULL);
    return 0;
}

THREAD_THEN_TASK(redirects_are_followed_and_their_headers_forgotten)
{
    struct trine_response *response = NULL;
    assert_int_equal(get_with(NULL, "/hop", &response), 0);
    assert_hello(response);
    assert_string_equal(trine_response_header(response, "X-Many"), "two");
    assert_null(trine_response_header(response, "Location"));
    assert_non_null(strstr(trine_response_url(response), "/ok"));
    trine_response_free(response);
    return 0;
}

THREAD_THEN_TASK(chunks_are_joined_and_trailers_are_no_headers)
{
    struct trine_response *response = NULL;
    assert_int_equal(get_with(NULL, "/chunks", &response), 0);
    assert_int_equal(trine_response_body(response).len, 5);
    assert_memory_equal(trine_response_body(response).data, "abcde", 5);
    assert_string_equal(trine_response_header(response, "X-Many"), "first");
    trine_response_free(response);
    return 0;
}

THREAD_THEN_TASK(a_body_longer_than_announced_ends_where_announced)
{
    struct trine_response *response = NULL;
    assert_int_equal(get_with(NULL, "/too-long", &response), 0);
    assert_int_equal(trine_response_body(response).len, 3);
    trine_response_free(response);
    return 0;
}

THREAD_THEN_TASK(a_connection_serves_one_request_after_another)
{
    struct trine_client *client = trine_client_new(NULL);
    int before = atomic_load(&peer.connections);
    for (int i = 0; i < 20; i++) {
        struct trine_response *response = NULL;
        assert_int_equal(get_with(client, "/ok", &response), 0);
        assert_hello(response);
        trine_response_free(response);
    }
    assert_int_equal(atomic_load(&peer.connections) - before, 1);
    trine_client_free(client);
    return 0;
}

/* ---- failures, each with its sentence */

THREAD_THEN_TASK(what_is_no_url_is_refused_with_a_reason)
{
    static const char *const urls[] = { "",
                                        "no-url",
                                        "http://",
                                        "http://[::1/",
                                        "http://a b/",
                                        "ftp://a/",
                                        "file:///etc/passwd",
                                        "http://127.0.0.1:99999/" };
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct trine_response *response = NULL;
        assert_fails(trine_http_get(NULL, urls[i], &response), TRINE_EURL, urls[i], ": not a URL");
        assert_null(response);
    }
    return 0;
}

THREAD_THEN_TASK(a_server_that_misbehaves_is_told_from_one_that_is_well)
{
    path_fails(NULL, "/reset", -ECONNRESET, "Connection reset");
    path_fails(NULL, "/nothing", TRINE_EEOF, "without an answer");
    path_fails(NULL, "/cut", TRINE_EEOF, "9 of 100 bytes");
    path_fails(NULL, "/cut-chunk", TRINE_EEOF, "after 4 bytes");
    path_fails(NULL, "/bad-chunk", TRINE_EHTTP, "");
    path_fails(NULL, "/no-http", TRINE_EHTTP, "not HTTP");
    path_fails(NULL, "/endless-head", TRINE_ELIMIT, "head is larger than 262144");
    path_fails(NULL, "/long-line", TRINE_ELIMIT, "line of the head");
    path_fails(NULL, "/loop", TRINE_ELIMIT, "more than 10 redirects");
    path_fails(NULL, "/elsewhere", TRINE_EURL, "ftp");
    return 0;
}

THREAD_THEN_TASK(a_refused_connection_names_host_and_port)
{
    char url[64], words[64];
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof address;
    struct trine_response *response = NULL;
    int unused = socket(AF_INET, SOCK_STREAM, 0); /* bound, but nobody listens */
    assert_int_equal(bind(unused, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(unused, (struct sockaddr *)&address, &len), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u/", ntohs(address.sin_port));
    snprintf(words, sizeof words, "127.0.0.1 port %u: Connection refused", ntohs(address.sin_port));
    assert_fails(trine_http_get(NULL, url, &response), -ECONNREFUSED, url, words);
    close(unused);
    return 0;
}

THREAD_THEN_TASK(a_name_that_does_not_resolve_is_told)
{
    struct trine_response *response = NULL;
    assert_fails(trine_http_get(NULL, "http://nosuch.invalid/", &response), TRINE_ERESOLVE,
                 "http://nosuch.invalid/", "resolve");
    return 0;
}

THREAD_THEN_TASK(tls_with_one_who_speaks_none_is_told)
{
    char url[64];
    struct trine_response *response = NULL;
    snprintf(url, sizeof url, "https://127.0.0.1:%u/ok", peer.port);
    assert_fails(trine_http_get(NULL, url, &response), TRINE_ETLS, url, "wrong version");
    return 0;
}

THREAD_THEN_TASK(the_limit_of_the_body_is_kept)
{
    struct trine_response *response = NULL;
    struct trine_client *client = trine_client_new(&(struct trine_client_options){ .body_max = 5 });
    assert_int_equal(get_with(client, "/ok", &response), 0);
    trine_response_free(response);
    trine_client_free(client);
    client = trine_client_new(&(struct trine_client_options){ .body_max = 4 });
    path_fails(client, "/ok", TRINE_ELIMIT, "larger than 4 bytes");
    path_fails(client, "/chunks", TRINE_ELIMIT, "larger than 4 bytes");
    path_fails(client, "/flood", TRINE_ELIMIT, "larger than 4 bytes");
    trine_client_free(client);
    return 0;
}

/* ---- ends that come from this side */

THREAD_THEN_TASK(the_clients_time_limit_ends_a_request)
{
    struct trine_client *client =
        trine_client_new(&(struct trine_client_options){ .timeout = TRINE_MILLISECONDS(60) });
    path_fails(client, "/never", -ETIMEDOUT, "within 60 ms");
    path_fails(client, "/half", -ETIMEDOUT, "9 bytes came");
    wait_until(&peer.waiting, 0);
    trine_client_free(client);
    return 0;
}

THREAD_THEN_TASK(the_scopes_deadline_ends_a_request_and_its_connection)
{
    struct trine_response *response = NULL;
    assert_int_equal(TRINE_WITHIN(TRINE_MILLISECONDS(40), get_with(NULL, "/half", &response)),
                     -ETIMEDOUT);
    assert_null(response);
    wait_until(&peer.waiting, 0);
    assert_int_equal(get_with(NULL, "/ok", &response), 0); /* the client is as good as before */
    trine_response_free(response);
    return 0;
}

static int get_never(void *arg)
{
    struct trine_response *response = NULL;
    int error = get_with(NULL, "/never", &response);
    assert_null(response);
    return error;
}

static int get_and_fail(void *arg)
{
    int error = trine_sleep(*(int64_t *)arg);
    return error < 0 ? error : -EIO;
}

IN_A_TASK(a_cancel_ends_all_transfers_of_a_group)
{
    int64_t soon = TRINE_MILLISECONDS(50), none = 0;
    struct trine_group group;
    for (int round = 0; round < 2; round++) { /* while they run; before they begin */
        trine_group_open(&group, NULL);
        for (int i = 0; i < 50; i++)
            trine_spawn(&group, get_never, NULL);
        trine_spawn(&group, get_and_fail, round == 0 ? &soon : &none);
        assert_int_equal(trine_group_close(&group), -EIO);
    }
    wait_until(&peer.waiting, 0);
    return 0;
}

IN_A_TASK(at_every_moment_a_cancel_gives_a_value_or_nothing)
{
    int values = 0, nothings = 0;
    for (int64_t limit = 0; limit < TRINE_MILLISECONDS(2); limit += TRINE_MICROSECONDS(5)) {
        struct trine_response *response = NULL;
        int error = TRINE_WITHIN(limit, get_with(NULL, "/ok", &response));
        assert_true(error == 0 || error == -ETIMEDOUT);
        assert_true((response != NULL) == (error == 0));
        values += error == 0;
        nothings += error < 0;
        trine_response_free(response);
    }
    assert_true(nothings > 0);
    assert_int_equal(values + nothings, 400);
    return 0;
}

static void cancel_soon(void *scope)
{
    wait_until(&peer.waiting, 1);
    trine_scope_cancel(scope, "enough");
}

static void a_threads_request_is_cancelled_by_another_thread(void **state)
{
    struct trine_scope scope;
    struct helper helper;
    struct trine_response *response = NULL;
    trine_scope_open(&scope, TRINE_FOREVER);
    start_helper(&helper, cancel_soon, &scope);
    assert_int_equal(get_with(NULL, "/never", &response), -ECANCELED);
    join_helper(&helper);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    wait_until(&peer.waiting, 0);
}

/* ---- many, and many loops and threads */

static int get_pause(void *client)
{
    struct trine_response *response = NULL;
    int error = get_with(client, "/pause", &response);
    if (error == 0)
        assert_hello(response);
    trine_response_free(response);
    return error;
}

#define MANY 300 /* more than one multi handle takes */

static void get_many(struct trine_client *client, int count)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < count; i++)
        trine_spawn(&group, get_pause, client);
    assert_int_equal(trine_group_close(&group), 0);
}

IN_A_TASK(hundreds_run_at_once_and_leave_no_descriptor)
{
    int before = count_descriptors();
    struct trine_client *client = trine_client_new(NULL);
    for (int round = 0; round < 2; round++) {
        int64_t begin = trine_now();
        get_many(client, MANY);
        assert_true(trine_now() - begin < MANY * TRINE_MILLISECONDS(50) / 2);
    }
    trine_client_free(client);
    trine_sleep(SOON);
    wait_until(&peer.open, 0);
    assert_int_equal(count_descriptors(), before);
    return 0;
}

static int get_several(void *client)
{
    get_many(client, 20);
    return 0;
}

/* The client goes in a thread of no loop while the loops run on: their connections close later. */
static void free_client(void *client)
{
    trine_client_free(client);
}

ON_SEVERAL_LOOPS(a_client_serves_several_loops_and_is_freed_from_elsewhere, 3)
{
    struct trine_client *client = trine_client_new(NULL);
    struct trine_group group;
    struct helper helper;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 9; i++)
        trine_spawn(&group, get_several, client);
    assert_int_equal(trine_group_close(&group), 0);
    start_helper(&helper, free_client, client);
    join_helper(&helper);
    return 0;
}

static void get_in_thread(void *client)
{
    for (int i = 0; i < 5; i++)
        assert_int_equal(get_pause(client), 0);
}

static void threads_share_a_client_and_its_connections(void **state)
{
    struct trine_client *client = trine_client_new(NULL);
    struct helper helpers[8];
    int before = atomic_load(&peer.connections), descriptors = count_descriptors();
    for (size_t i = 0; i < COUNT(helpers); i++)
        start_helper(&helpers[i], get_in_thread, client);
    for (size_t i = 0; i < COUNT(helpers); i++)
        join_helper(&helpers[i]);
    assert_in_range(atomic_load(&peer.connections) - before, 1, COUNT(helpers));
    trine_client_free(client);
    wait_until(&peer.open, 0);
    assert_int_equal(count_descriptors(), descriptors);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(threads_share_a_client_and_its_connections),
        TEST(hundreds_run_at_once_and_leave_no_descriptor),
        TEST(a_client_serves_several_loops_and_is_freed_from_elsewhere),
        TEST(an_answer_has_status_body_headers_and_url),
        TEST(redirects_are_followed_and_their_headers_forgotten),
        TEST(chunks_are_joined_and_trailers_are_no_headers),
        TEST(a_body_longer_than_announced_ends_where_announced),
        TEST(a_connection_serves_one_request_after_another),
        TEST(what_is_no_url_is_refused_with_a_reason),
        TEST(a_server_that_misbehaves_is_told_from_one_that_is_well),
        TEST(a_refused_connection_names_host_and_port),
        TEST(a_name_that_does_not_resolve_is_told),
        TEST(tls_with_one_who_speaks_none_is_told),
        TEST(the_limit_of_the_body_is_kept),
        TEST(the_clients_time_limit_ends_a_request),
        TEST(the_scopes_deadline_ends_a_request_and_its_connection),
        TEST(a_cancel_ends_all_transfers_of_a_group),
        TEST(at_every_moment_a_cancel_gives_a_value_or_nothing),
        TEST(a_threads_request_is_cancelled_by_another_thread),
    };
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    alarm(120);
    return cmocka_run_group_tests(tests, start_peer, stop_peer);
}
