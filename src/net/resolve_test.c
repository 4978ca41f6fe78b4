/* SPDX-License-Identifier: MIT */
/* Names: what resolves, what does not and says why, and what a caller that leaves leaves behind. */
#include "core/suite.h"
#include "net/address.h"
#include "net/resolve.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <trine.h>
#include <trine/net.h>

/* Look-ups that were left may still have a socket open, so descriptors are not counted here. */
#define BOTH(name) TEST(name##_in_a_task), TEST(name##_in_a_thread)

/* RFC 6761: a name that never exists. */
#define NOBODY "nosuch.invalid"

static void assert_is_loopback(const struct addrinfo *list, int port)
{
    bool found = false;
    for (; list != NULL; list = list->ai_next) {
        assert_int_equal(list->ai_socktype, SOCK_STREAM);
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)list->ai_addr;
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)list->ai_addr;
        bool is_v6 = list->ai_family == AF_INET6;
        assert_int_equal(ntohs(is_v6 ? v6->sin6_port : v4->sin_port), port);
        found |= is_v6 ? IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr)
                       : v4->sin_addr.s_addr == htonl(INADDR_LOOPBACK);
    }
    assert_true(found);
}

static void assert_resolves(const char *host, const char *service, int port)
{
    struct addrinfo *list = NULL;
    assert_int_equal(trine__resolve(host, service, 0, &list), 0);
    assert_is_loopback(list, port);
    trine__sys_freeaddrinfo(list);
}

static void assert_does_not_resolve(const char *host, const char *service, const char *part)
{
    struct addrinfo *list = NULL;
    assert_int_equal(trine__resolve(host, service, 0, &list), TRINE_ERESOLVE);
    const char *message = trine_error_message(trine_error_last());
    if (strstr(message, part) == NULL)
        fail_msg("the sentence is: %s", message);
    assert_null(list);
}

IN_BOTH(numbers_and_localhost_resolve)
{
    assert_resolves("127.0.0.1", "80", 80);
    assert_resolves("::1", "65535", 65535);
    assert_resolves("localhost", "8000", 8000);
    return 0;
}

IN_BOTH(what_does_not_resolve_is_told_in_a_sentence)
{
    assert_does_not_resolve(NOBODY, "80", "cannot resolve '" NOBODY "'");
    assert_does_not_resolve("127.0.0.1", "nosuchservice", "cannot resolve '127.0.0.1'");
    assert_does_not_resolve("127.0.0.1", "70000x", "cannot resolve");
    return 0;
}

/* A name that is cut off would be another one. */
IN_BOTH(a_name_too_long_is_refused_not_cut)
{
    char host[TRINE__HOST_MAX + 2];
    memset(host, '0', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    assert_does_not_resolve(host, "80", "that long");
    memset(host, '0', TRINE__SERVICE_MAX + 1);
    host[TRINE__SERVICE_MAX + 1] = '\0';
    assert_does_not_resolve("127.0.0.1", host, "that long");
    return 0;
}

IN_BOTH(a_failing_name_server_is_told)
{
    trine__fault_plan("fail:1+:op=getaddrinfo");
    struct addrinfo *list;
    int error = trine__resolve("localhost", "80", 0, &list);
    trine__fault_plan(NULL);
    assert_int_equal(error, TRINE_ERESOLVE);
    return 0;
}

/* Whoever has no time leaves; the look-up ends unseen, which a leak checker would not forgive
 * otherwise. */
IN_BOTH(who_leaves_early_leaves_nothing_behind)
{
    struct addrinfo *list = NULL;
    for (int i = 0; i < 50; i++) {
        int64_t limit = TRINE_MICROSECONDS(20 * i);
        int error = TRINE_WITHIN(limit, trine__resolve(NOBODY, "80", 0, &list));
        assert_true(error == -ETIMEDOUT || error == TRINE_ERESOLVE);
        error = TRINE_WITHIN(limit, trine_tcp_connect(NOBODY, "80", NULL));
        assert_true(error == -ETIMEDOUT || error == TRINE_ERESOLVE);
    }
    assert_null(list);
    return 0;
}

IN_BOTH(in_a_cancelled_scope_nothing_is_looked_up)
{
    struct trine_scope scope;
    struct addrinfo *list = NULL;
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    trine__fault_plan("count");
    assert_int_equal(trine__resolve(NOBODY, "80", 0, &list), -ECANCELED);
    assert_int_equal(trine__fault_calls_of("getaddrinfo"), 0);
    trine__fault_plan(NULL);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    return 0;
}

static int look_up_localhost(void *arg)
{
    assert_resolves("localhost", "80", 80);
    ++*(int *)arg;
    return 0;
}

IN_A_TASK(many_look_ups_at_once_are_all_answered)
{
    struct trine_group group;
    int answered = 0;
    trine_group_open(&group, NULL);
    for (int i = 0; i < 200; i++)
        trine_spawn(&group, look_up_localhost, &answered);
    assert_int_equal(trine_group_close(&group), 0);
    assert_int_equal(answered, 200);
    return 0;
}

/* Look-ups that were left may still wait for a name server when the process ends, which does not
 * wait for them. */
const char *__tsan_default_options(void);
__attribute__((visibility("default"))) const char *__tsan_default_options(void)
{
    return "report_thread_leaks=0";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(numbers_and_localhost_resolve),
        BOTH(what_does_not_resolve_is_told_in_a_sentence),
        BOTH(a_name_too_long_is_refused_not_cut),
        BOTH(a_failing_name_server_is_told),
        BOTH(who_leaves_early_leaves_nothing_behind),
        BOTH(in_a_cancelled_scope_nothing_is_looked_up),
        TEST(many_look_ups_at_once_are_all_answered),
    };
    setenv("RES_OPTIONS", "timeout:1 attempts:1", 1);
    return RUN_TESTS(tests);
}
