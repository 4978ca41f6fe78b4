/* SPDX-License-Identifier: MIT */
/* Addresses as text, good and bad. */
#include "net/address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <trine/error.h>

#include <cmocka.h>

static void splits(const char *text, const char *host, const char *service)
{
    struct trine__address_text parts;
    assert_int_equal(trine__address_split(text, &parts), 0);
    assert_string_equal(parts.host, host);
    assert_string_equal(parts.service, service);
}

static void host_and_port_are_split_at_the_last_colon(void **state)
{
    splits("127.0.0.1:80", "127.0.0.1", "80");
    splits("localhost:http", "localhost", "http");
    splits("[::1]:8000", "::1", "8000");
}

static void refuses(const char *text, const char *word)
{
    struct trine__address_text parts;
    assert_int_equal(trine__address_split(text, &parts), -EINVAL);
    assert_non_null(strstr(trine_error_message(trine_error_last()), word));
}

static void what_is_no_address_is_refused_with_a_reason(void **state)
{
    refuses("localhost", "host:port");
    refuses(":80", "empty");
    refuses("host:", "empty");
    refuses("::1:80", "brackets");
    char endless[600];
    memset(endless, 'a', sizeof endless);
    memcpy(endless + 590, ":80", 4);
    refuses(endless, "too long");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_and_port_are_split_at_the_last_colon),
        cmocka_unit_test(what_is_no_address_is_refused_with_a_reason),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
