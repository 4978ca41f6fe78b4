/* SPDX-License-Identifier: MIT */
#include "core/canceller.h"
#include "core/suite.h"

#define MANY 3000 /* more than there are numbers */
static char places[MANY];

static const char *after_a_cancel_by(uint16_t number)
{
    struct trine__context context = { 0 };
    trine__canceller_give(&context, number);
    return trine__canceller_site(&context);
}

static void a_place_keeps_its_number(void **state)
{
    uint16_t first = trine__canceller_number("main.c:1 first");
    uint16_t second = trine__canceller_number("main.c:2 second");
    assert_int_not_equal(first, 0);
    assert_int_not_equal(first, second);
    assert_string_equal(after_a_cancel_by(first), "main.c:1 first");
    assert_string_equal(after_a_cancel_by(second), "main.c:2 second");
}

static void the_first_cancel_counts(void **state)
{
    struct trine__context context = { 0 };
    assert_null(trine__canceller_site(&context));
    trine__canceller_give(&context, trine__canceller_number("main.c:3 early"));
    trine__canceller_give(&context, trine__canceller_number("main.c:4 late"));
    assert_string_equal(trine__canceller_site(&context), "main.c:3 early");
}

static void with_too_many_places_the_rest_is_unknown(void **state)
{
    int unknown = 0;
    for (int i = 0; i < MANY; i++) {
        uint16_t number = trine__canceller_number(&places[i]);
        assert_int_not_equal(number, 0);
        const char *site = after_a_cancel_by(number);
        assert_true(site == NULL || site == &places[i]);
        unknown += site == NULL;
    }
    assert_true(unknown > 0);
    assert_true(unknown < MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_place_keeps_its_number),
        TEST(the_first_cancel_counts),
        TEST(with_too_many_places_the_rest_is_unknown),
    };
    return RUN_TESTS(tests);
}
