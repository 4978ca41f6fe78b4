/* SPDX-License-Identifier: MIT */
#include "sys/fault.h"
#include "sys/sys.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

/* Out of the compiler's sight, which would warn of sizes that are wrong on purpose. */
static volatile size_t huge = SIZE_MAX;

/* The sanitizers read these: by default they end a program that asks for too much. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

__attribute__((visibility("default"))) const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static int forget_plan(void **state)
{
    return trine__fault_plan(NULL);
}

static void sizes_that_overflow_give_null(void **state)
{
    assert_null(trine__alloc_zero(huge / 2 + 1, 2));
    assert_null(trine__alloc_zero(2, huge / 2 + 1));
    assert_null(trine__alloc(huge));
    assert_null(trine__alloc_aligned(64, huge - 8));
}

static void nothing_has_an_address_of_its_own(void **state)
{
    void *one = trine__alloc(0), *two = trine__alloc(0), *none = trine__alloc_zero(0, 8);
    assert_non_null(one);
    assert_non_null(two);
    assert_non_null(none);
    assert_ptr_not_equal(one, two);
    trine__free(one);
    trine__free(two);
    trine__free(none);
    trine__free(NULL);
}

static void cleared_memory_is_zero(void **state)
{
    unsigned char *memory = trine__alloc_zero(100, 3);
    assert_non_null(memory);
    for (int i = 0; i < 300; i++)
        assert_int_equal(memory[i], 0);
    trine__free(memory);
}

static void realloc_keeps_the_old_when_it_fails(void **state)
{
    char *memory = trine__strdup("kept");
    assert_null(trine__realloc(memory, huge));
    assert_string_equal(memory, "kept");
    trine__fault_plan("fail:1");
    assert_null(trine__realloc(memory, 10));
    assert_string_equal(memory, "kept");
    memory = trine__realloc(memory, 1000);
    assert_string_equal(memory, "kept");
    trine__free(memory);
}

static void realloc_to_nothing_does_not_free(void **state)
{
    void *memory = trine__realloc(trine__alloc(10), 0);
    assert_non_null(memory);
    trine__free(memory);
}

static void aligned_memory_is_aligned(void **state)
{
    for (size_t alignment = 1; alignment <= 65536; alignment *= 2) {
        void *memory = trine__alloc_aligned(alignment, 40);
        assert_non_null(memory);
        assert_int_equal((uintptr_t)memory % alignment, 0);
        trine__free(memory);
    }
}

static void text_is_copied_up_to_its_limit(void **state)
{
    char *copy = trine__strndup("abcdef", 3), *all = trine__strndup("abc", 10);
    assert_string_equal(copy, "abc");
    assert_string_equal(all, "abc");
    trine__free(copy);
    trine__free(all);
}

static void printed_text_has_room_for_all_of_it(void **state)
{
    char *text = trine__asprintf("%0500d|%s", 7, "end");
    assert_int_equal(strlen(text), 504);
    assert_string_equal(text + 499, "7|end");
    trine__free(text);
}

static void every_way_to_allocate_can_be_made_to_fail(void **state)
{
    trine__fault_plan("fail:1+:op=alloc");
    assert_null(trine__alloc(1));
    assert_null(trine__alloc_zero(1, 1));
    assert_null(trine__realloc(NULL, 1));
    assert_null(trine__alloc_aligned(16, 1));
    assert_null(trine__strdup("a"));
    assert_null(trine__strndup("a", 1));
    assert_null(trine__asprintf("a"));
    assert_int_equal(trine__fault_calls_of("alloc"), 7);
    assert_int_equal(trine__fault_hits(), 7);
}

static void a_mapping_is_cleared_and_writable(void **state)
{
    size_t size = 4 * (size_t)sysconf(_SC_PAGESIZE);
    void *pages = NULL;
    assert_int_equal(trine__map(size, MAP_NORESERVE, &pages), 0);
    char *bytes = pages;
    assert_int_equal(bytes[size - 1], 0);
    bytes[size - 1] = 1;
    assert_int_equal(trine__protect(pages, size, PROT_READ), 0);
    assert_int_equal(bytes[size - 1], 1);
    assert_int_equal(trine__advise(pages, size, MADV_DONTNEED), 0);
    assert_int_equal(bytes[size - 1], 0);
    assert_int_equal(trine__unmap(pages, size), 0);
}

static void a_failed_mapping_leaves_the_result_alone(void **state)
{
    void *pages = state;
    assert_int_equal(trine__map(0, 0, &pages), -EINVAL);
    trine__fault_plan("fail:1");
    assert_int_equal(trine__map(4096, 0, &pages), -ENOMEM);
    assert_ptr_equal(pages, state);
}

/* Kernels before 6.13 refuse this advice; then there must be an error, not a lie. */
static void many_ranges_are_advised_at_once(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *pages = NULL;
    assert_int_equal(trine__map(4 * page, 0, &pages), 0);
    char *bytes = pages;
    memset(bytes, 1, 4 * page);
    struct iovec ranges[] = { { bytes, page }, { bytes + 2 * page, page } };
    ssize_t advised = trine__advise_many(ranges, 2, MADV_DONTNEED);
    int gone = advised > 0;
    assert_int_equal(bytes[0], !gone);
    assert_int_equal(bytes[2 * page], !gone);
    assert_int_equal(bytes[page], 1);
    assert_int_equal(bytes[3 * page], 1);
    assert_true(!gone || advised == (ssize_t)(2 * page));
    trine__unmap(pages, 4 * page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_that_overflow_give_null),
        cmocka_unit_test(nothing_has_an_address_of_its_own),
        cmocka_unit_test(cleared_memory_is_zero),
        cmocka_unit_test_teardown(realloc_keeps_the_old_when_it_fails, forget_plan),
        cmocka_unit_test(realloc_to_nothing_does_not_free),
        cmocka_unit_test(aligned_memory_is_aligned),
        cmocka_unit_test(text_is_copied_up_to_its_limit),
        cmocka_unit_test(printed_text_has_room_for_all_of_it),
        cmocka_unit_test_teardown(every_way_to_allocate_can_be_made_to_fail, forget_plan),
        cmocka_unit_test(a_mapping_is_cleared_and_writable),
        cmocka_unit_test_teardown(a_failed_mapping_leaves_the_result_alone, forget_plan),
        cmocka_unit_test(many_ranges_are_advised_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
