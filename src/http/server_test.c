/* SPDX-License-Identifier: MIT */
/* The HTTP server against clients that are fast, slow, wrong, rude and gone. */
#include "http/server_suite.h"
#include <netinet/in.h>
#include <sys/socket.h>

#define GET(path)  "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define LAST(path) "GET " path " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
#define BIG        (8 << 20)

static void fill_with_x(void *arg, uint64_t offset, char *to, size_t len)
{
    memset(to, 'x', len);
}

static bool is(struct trine_slice text, const char *wanted)
{
    return text.len == strlen(wanted) && memcmp(text.data, wanted, text.len) == 0;
}

/* Most targets are answered with themselves. */
static int handle(const struct trine__h1_request *request, struct trine__reply *reply, void *arg)
{
    if (is(request->target, "/fails"))
        return -EIO;
    if (is(request->target, "/too-late"))
        return TRINE_WITHIN(TRINE_MILLISECONDS(1), trine_sleep(hour));
    if (is(request->target, "/sleeps"))
        return trine_sleep(hour);
    if (is(request->target, "/nothing"))
        return 0;
    reply->status = is(request->target, "/204") ? 204 : 200;
    reply->extra = "X-Extra: 1\r\n";
    if (is(request->target, "/big")) {
        reply->fill = fill_with_x;
        reply->len = BIG;
        return 0;
    }
    reply->body = trine__strndup(request->target.data, request->target.len);
    reply->len = request->target.len;
    return reply->body != NULL ? 0 : -ENOMEM;
}

static int serve(int listener, void *limits)
{
    return trine__http_serve(listener, handle, NULL, limits);
}

/* A body with the server around it. */
#define SERVED_WITHIN(name, ...)                                                                   \
    static void name##_served(struct served *served);                                              \
    IN_A_TASK(name)                                                                                \
    {                                                                                              \
        struct served served;                                                                      \
        struct trine__http_limits limits = { __VA_ARGS__ };                                        \
        start_server(&served, serve, &limits);                                                     \
        name##_served(&served);                                                                    \
        stop_server(&served);                                                                      \
        return 0;                                                                                  \
    }                                                                                              \
    static void name##_served(struct served *served)
#define SERVED(name) SERVED_WITHIN(name, 0)

/* ---- connections that go on and connections that end */

SERVED(a_connection_serves_request_after_request)
{
    int fd = connect_to(served);
    for (int i = 0; i < 100; i++) {
        say(fd, i % 2 == 0 ? GET("/even") : GET("/odd"));
        hear(fd, i % 2 == 0 ? "Content-Length: 5\r\nX-Extra: 1\r\n\r\n/even"
                            : "Content-Length: 4\r\nX-Extra: 1\r\n\r\n/odd");
    }
    trine_close(fd);
}

SERVED(twenty_requests_at_once_are_answered_in_order)
{
    char requests[4096] = "", answer[16];
    for (int i = 0; i < 20; i++)
        sprintf(requests + strlen(requests), "%sGET /n%02d HTTP/1.1\r\nHost: a\r\n\r\n",
                i % 3 == 0 ? "\r\n" : "", i);
    int fd = connect_to(served);
    say(fd, requests);
    for (int i = 0; i < 20; i++) {
        sprintf(answer, "\r\n\r\n/n%02d", i);
        hear(fd, answer);
    }
    trine_close(fd);
}

SERVED(the_last_answer_says_so_and_closes)
{
    char *answer = ask(served, LAST("/bye") GET("/not answered"), NULL);
    assert_begins(answer, "HTTP/1.1 200 OK\r\n");
    assert_holds(answer, "\r\nConnection: close\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n/bye");
    free(answer);
}

SERVED(http_1_0_closes_unless_it_is_asked_not_to)
{
    char *answer = ask(served, "GET /old HTTP/1.0\r\n\r\n" GET("/no"), NULL);
    assert_holds(answer, "Connection: close\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n/old");
    free(answer);
    int fd = connect_to(served);
    say(fd, "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear(fd, "\r\n\r\n/1");
    say(fd, "GET /2 HTTP/1.0\r\n\r\n");
    hear(fd, "\r\n\r\n/2");
    trine_close(fd);
}

SERVED(an_end_between_requests_is_an_end)
{
    size_t len;
    char *answer = ask(served, "", &len);
    assert_int_equal(len, 0);
    free(answer);
    answer = ask(served, "GET / HT", &len);
    assert_int_equal(len, 0);
    free(answer);
}

SERVED_WITHIN(a_silent_connection_is_closed, .idle_timeout = TRINE_MILLISECONDS(20))
{
    int fd = connect_to(served);
    say(fd, GET("/x"));
    hear(fd, "\r\n\r\n/x");
    char byte;
    assert_int_equal(TRINE_WITHIN(PATIENCE, trine_read(fd, &byte, 1)), 0);
    trine_close(fd);
}

/* ---- answers */

SERVED(head_is_answered_with_the_length_and_no_body)
{
    int fd = connect_to(served);
    say(fd, "HEAD /four HTTP/1.1\r\nHost: a\r\n\r\n" LAST("/end"));
    char *answers = hear_all(fd, NULL);
    assert_holds(answers, "Content-Length: 5\r\nX-Extra: 1\r\n\r\nHTTP/1.1 200");
    free(answers);
    trine_close(fd);
    char *answer = ask(served, "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n", NULL);
    assert_holds(answer, "Content-Length: 8388608\r\n");
    assert_string_equal(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
    free(answer);
}

SERVED(a_status_without_a_body_ends_with_its_head)
{
    char *answer = ask(served, GET("/204"), NULL);
    assert_string_equal(answer, "HTTP/1.1 204 No Content\r\nX-Extra: 1\r\n\r\n");
    free(answer);
}

SERVED(a_handler_that_says_nothing_or_fails_is_answered_for)
{
    char *answer = ask(served, GET("/nothing") GET("/fails") GET("/too-late") LAST("/on"), NULL);
    assert_begins(answer, "HTTP/1.1 404 Not Found\r\n");
    char *second = strstr(answer + 1, "HTTP/1.1 500 Internal Server Error\r\n");
    assert_non_null(second);
    assert_holds(second, trine_strerror(-EIO));
    assert_holds(&second[1], "HTTP/1.1 500 ");
    assert_holds(second, "\r\n\r\n/on");
    free(answer);
}

SERVED(a_large_body_arrives_whole)
{
    int fd = connect_to(served);
    say(fd, GET("/big") LAST("/end"));
    hear(fd, "\r\n\r\n");
    static char piece[1 << 16];
    for (size_t have = 0; have < BIG;) {
        size_t room = BIG - have < sizeof piece ? BIG - have : sizeof piece;
        ssize_t got = trine_read(fd, piece, room);
        assert_true(got > 0 && piece[0] == 'x' && piece[got - 1] == 'x');
        have += (size_t)got;
    }
    hear(fd, "\r\n\r\n/end");
    trine_close(fd);
}

/* ---- bodies of requests */

SERVED(bodies_are_dropped_and_the_next_request_is_found)
{
    int fd = connect_to(served);
    say(fd, "POST /sized HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello");
    hear(fd, "\r\n\r\n/sized");
    say(fd, " world" GET("/1"));
    hear(fd, "\r\n\r\n/1");
    say(fd, "POST /chunked HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe");
    hear(fd, "\r\n\r\n/chunked");
    say(fd, "llo\r\n10;x\r\nGET / HTTP/1.1\r\n\r\n0\r\nTrailer: x\r\n\r\n" GET("/2"));
    hear(fd, "\r\n\r\n/2");
    char *much = malloc(1 << 20);
    memset(much, '\n', 1 << 20);
    say(fd, "POST /much HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
    assert_int_equal(trine_write_all(fd, much, 1 << 20), 0);
    say(fd, GET("/3"));
    hear(fd, "\r\n\r\n/3");
    free(much);
    trine_close(fd);
}

SERVED(who_asks_whether_to_continue_is_told)
{
    int fd = connect_to(served);
    say(fd, "POST /p HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    hear(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    say(fd, "ab" GET("/next"));
    hear(fd, "\r\n\r\n/p");
    hear(fd, "\r\n\r\n/next");
    trine_close(fd);
    char *answer = ask(served, "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n", NULL);
    assert_begins(answer, "HTTP/1.1 200 ");
    free(answer);
}

SERVED(a_broken_chunk_ends_the_connection)
{
    char *answer =
        ask(served,
            "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n" GET("/never"),
            NULL);
    assert_non_null(strstr(answer, "\r\n\r\n/p"));
    assert_null(strstr(answer, "/never"));
    free(answer);
}

/* Its length is known only when it is over, and the answer has been given by then. */
SERVED_WITHIN(a_chunked_body_beyond_the_limit_ends_the_connection, .body_max = 10)
{
    enum { LONG = 0x10000 };
    char *request = malloc(LONG + 200);
    strcpy(request, "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000\r\n");
    size_t len = strlen(request);
    memset(request + len, 'x', LONG);
    strcpy(request + len + LONG, "\r\n0\r\n\r\n" GET("/never"));
    int fd = connect_to(served);
    say(fd, request);
    char heard[1024];
    ssize_t got = 0;
    len = 0;
    do {
        len += (size_t)got;
        got = TRINE_WITHIN(PATIENCE, trine_read(fd, heard + len, sizeof heard - 1 - len));
    } while (got > 0); /* an end or a reset, as the bytes fall */
    heard[len] = '\0';
    assert_begins(heard, "HTTP/1.1 200 ");
    assert_null(strstr(heard, "/never"));
    trine_close(fd);
    free(request);
}

/* ---- refusals */

static void assert_refused(const struct served *served, const char *request, const char *status)
{
    char *answer = ask(served, request, NULL);
    assert_begins(answer, status);
    assert_holds(answer, "\r\nConnection: close\r\n");
    assert_null(strstr(answer, "HTTP/1.1 200"));
    free(answer);
}

SERVED_WITHIN(what_cannot_be_understood_is_refused, .body_max = 10)
{
    assert_refused(served, "GET /\r\n\r\n" GET("/"), "HTTP/1.1 400 Bad Request\r\n");
    assert_refused(served, "GET / HTTP/1.1\r\n\r\n" GET("/"), "HTTP/1.1 400 ");
    assert_refused(served, "GET / HTTP/2.0\r\n\r\n" GET("/"), "HTTP/1.1 505 ");
    assert_refused(served, "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
                   "HTTP/1.1 501 ");
    assert_refused(served,
                   "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n01234567890" GET("/"),
                   "HTTP/1.1 413 Content Too Large\r\n");
}

SERVED_WITHIN(a_long_head_is_refused_while_the_client_still_sends, .head_max = 1024)
{
    char *request = malloc(200001);
    memset(request, 'x', 200000);
    memcpy(request, "GET /", 5);
    request[200000] = '\0';
    assert_refused(served, request, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
    memset(request, '\0', 1100); /* one that just fits */
    strcpy(request, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ");
    memset(request + strlen(request), 'x', 1024 - strlen(request) - 4);
    strcat(request, "\r\n\r\n");
    assert_int_equal(strlen(request), 1024);
    char *answer = ask(served, request, NULL);
    assert_begins(answer, "HTTP/1.1 200 ");
    free(answer);
    free(request);
}

SERVED_WITHIN(a_head_that_does_not_come_is_not_waited_for, .head_timeout = TRINE_MILLISECONDS(20))
{
    int fd = connect_to(served);
    say(fd, "GET / HTTP/1.1\r\nHost: ");
    hear(fd, "\r\n\r\nthe request's head did not come in time\n");
    trine_close(fd);
}

SERVED(a_client_may_send_byte_by_byte)
{
    static const char text[] =
        "POST /slow HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n0\r\n\r\n" LAST("/end");
    int fd = connect_to(served);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        assert_int_equal(trine_write(fd, text + i, 1), 1);
        if (i % 4 == 0)
            trine_sleep(TRINE_MICROSECONDS(100));
    }
    char *answers = hear_all(fd, NULL);
    assert_holds(answers, "\r\n\r\n/slow");
    assert_holds(answers, "\r\n\r\n/end");
    free(answers);
    trine_close(fd);
}

/* ---- trouble */

static void reset(int fd)
{
    struct linger at_once = { .l_onoff = 1 };
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    trine_close(fd);
}

SERVED(a_reset_in_the_middle_concerns_nobody_else)
{
    int other = connect_to(served);
    for (int i = 0; i < 20; i++) {
        int fd = connect_to(served);
        say(fd, GET("/big"));
        char byte;
        if (i % 2 == 0)
            assert_int_equal(trine_read(fd, &byte, 1), 1);
        reset(fd);
    }
    say(other, LAST("/still here"));
    trine_close(other);
    char *answer = ask(served, LAST("/here"), NULL);
    assert_holds(answer, "\r\n\r\n/here");
    free(answer);
}

SERVED_WITHIN(a_reader_that_takes_nothing_is_given_up, .write_timeout = TRINE_MILLISECONDS(20))
{
    int fd = connect_to(served);
    say(fd, GET("/big"));
    trine_sleep(TRINE_MILLISECONDS(200));
    static char piece[1 << 16];
    ssize_t got;
    size_t have = 0;
    while ((got = TRINE_WITHIN(PATIENCE, trine_read(fd, piece, sizeof piece))) > 0)
        have += (size_t)got;
    assert_in_range(have, 1, BIG - 1);
    trine_close(fd);
}

SERVED_WITHIN(no_more_connections_are_served_than_allowed, .connections_max = 2)
{
    int first = connect_to(served), second = connect_to(served), third = connect_to(served);
    say(first, GET("/1"));
    hear(first, "\r\n\r\n/1");
    say(second, GET("/2"));
    hear(second, "\r\n\r\n/2");
    say(third, GET("/3"));
    assert_int_equal(TRINE_WITHIN(TRINE_MILLISECONDS(50), trine_wait_fd(third, TRINE_READABLE)),
                     -ETIMEDOUT);
    trine_close(first);
    hear(third, "\r\n\r\n/3");
    trine_close(second);
    trine_close(third);
}

SERVED(accepting_goes_on_when_there_are_descriptors_again)
{
    static const char *const plans[] = { "fail:1:op=accept:errno=EMFILE",
                                         "fail:1:op=accept:errno=ENFILE",
                                         "fail:1:op=accept:errno=ENOBUFS",
                                         "fail:1:op=accept:errno=ECONNABORTED" };
    char *answer = ask(served, LAST("/before"), NULL);
    free(answer);
    for (size_t i = 0; i < COUNT(plans); i++) {
        /* An accept is pending already: the connection after it meets the fault. */
        trine__fault_plan(plans[i]);
        for (int turn = 0; turn < 2; turn++) {
            answer = ask(served, LAST("/after"), NULL);
            assert_holds(answer, "\r\n\r\n/after");
            free(answer);
        }
        assert_int_equal(trine__fault_hits(), 1);
        trine__fault_plan(NULL);
    }
}

/* A client without the library, whose own memory and descriptors no plan touches. */
static void ask_plainly(void *arg)
{
    const struct served *served = arg;
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(served->port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = { .tv_sec = 1 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    static const char request[] = LAST("/plain");
    send(fd, request, sizeof request - 1, MSG_NOSIGNAL);
    char answer[1024];
    while (recv(fd, answer, sizeof answer, 0) > 0)
        ;
    close(fd);
}

struct plain_client {
    const struct served *served;
    _Atomic(bool) done;
};

static void ask_and_say_when(void *arg)
{
    struct plain_client *client = arg;
    ask_plainly((void *)client->served);
    client->done = true;
}

SERVED(out_of_memory_costs_one_connection_at_most)
{
    for (int k = 1; k <= 12; k++) {
        struct plain_client client = { .served = served };
        struct helper helper;
        char plan[32];
        snprintf(plan, sizeof plan, "fail:%d:op=alloc", k);
        trine__fault_plan(plan);
        start_helper(&helper, ask_and_say_when, &client);
        while (!client.done)
            trine_sleep(TRINE_MICROSECONDS(100));
        join_helper(&helper);
        trine__fault_plan(NULL);
        char *answer = ask(served, LAST("/after"), NULL);
        assert_holds(answer, "\r\n\r\n/after");
        free(answer);
    }
}

SERVED(a_stop_reaches_whatever_a_connection_is_doing)
{
    const char *const doing[] = {
        "",
        "GET / HT",
        GET("/sleeps"),
        GET("/big"),
        "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
        "POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    };
    for (size_t i = 0; i < COUNT(doing); i++) {
        served->kept[i] = connect_to(served);
        say(served->kept[i], doing[i]);
    }
    trine_sleep(SOON);
}

/* ---- against curl */

struct curl {
    char command[512];
    char output[4096];
    _Atomic(bool) done;
};

static void run_curl(void *arg)
{
    struct curl *curl = arg;
    FILE *pipe = popen(curl->command, "r");
    size_t len = fread(curl->output, 1, sizeof curl->output - 1, pipe);
    curl->output[len] = '\0';
    pclose(pipe);
    curl->done = true;
}

SERVED(curl_is_content)
{
    static struct curl curl;
    struct helper helper;
    snprintf(curl.command, sizeof curl.command,
             "command -v curl >/dev/null || { echo none; exit; };"
             "u=http://127.0.0.1:%u; curl -sS --noproxy '*' -m 20 -w '|%%{http_code} "
             "%%{num_connects}\\n' "
             "$u/one $u/two; "
             "head -c 200000 /dev/zero | curl -sS --noproxy '*' -m 20 -T - $u/put; echo; "
             "curl -sS --noproxy '*' -m 20 -0 -I $u/head | head -n 1; "
             "curl -sS --noproxy '*' -m 20 $u/big | wc -c",
             served->port);
    curl.done = false;
    start_helper(&helper, run_curl, &curl);
    while (!curl.done)
        trine_sleep(TRINE_MILLISECONDS(1));
    join_helper(&helper);
    if (strcmp(curl.output, "none\n") == 0)
        print_message("curl is not installed\n");
    else
        assert_string_equal(curl.output,
                            "/one|200 1\n/two|200 0\n/put\nHTTP/1.1 200 OK\r\n8388608\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_serves_request_after_request),
        TEST(twenty_requests_at_once_are_answered_in_order),
        TEST(the_last_answer_says_so_and_closes),
        TEST(http_1_0_closes_unless_it_is_asked_not_to),
        TEST(an_end_between_requests_is_an_end),
        TEST(a_silent_connection_is_closed),
        TEST(head_is_answered_with_the_length_and_no_body),
        TEST(a_status_without_a_body_ends_with_its_head),
        TEST(a_handler_that_says_nothing_or_fails_is_answered_for),
        TEST(a_large_body_arrives_whole),
        TEST(bodies_are_dropped_and_the_next_request_is_found),
        TEST(who_asks_whether_to_continue_is_told),
        TEST(a_broken_chunk_ends_the_connection),
        TEST(a_chunked_body_beyond_the_limit_ends_the_connection),
        TEST(what_cannot_be_understood_is_refused),
        TEST(a_long_head_is_refused_while_the_client_still_sends),
        TEST(a_head_that_does_not_come_is_not_waited_for),
        TEST(a_client_may_send_byte_by_byte),
        TEST(a_reset_in_the_middle_concerns_nobody_else),
        TEST(a_reader_that_takes_nothing_is_given_up),
        TEST(no_more_connections_are_served_than_allowed),
        TEST(accepting_goes_on_when_there_are_descriptors_again),
        TEST(out_of_memory_costs_one_connection_at_most),
        TEST(a_stop_reaches_whatever_a_connection_is_doing),
        TEST(curl_is_content),
    };
    return RUN_TESTS(tests);
}
