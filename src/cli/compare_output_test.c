/* SPDX-License-Identifier: MIT */
/* What a comparison says, from measurements made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "cli/compare_output.h"
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static struct trine__workload waits = { .name = "waits", .count = 5 };
static struct trine__workload computes = { .name = "computes", .count = 8 };

static struct trine__measurement made(struct trine__workload *workload, enum trine__model model,
                                      unsigned workers, double wall, double cpu)
{
    return (struct trine__measurement){
        .workload = workload,
        .model = model,
        .finished = true,
        .workers = workers,
        .done = workload->count,
        .wall_ns = (int64_t)(wall * 1e9),
        .cpu_ns = (int64_t)(cpu * 1e9),
        .peak_kib = 6 * 1024,
    };
}

static void fail_item(struct trine__measurement *row, size_t item, const char *sentence)
{
    struct trine__failure *failure = &row->failures[row->failed++];
    failure->item = item;
    snprintf(failure->sentence, sizeof failure->sentence, "%s", sentence);
}

#define ROWS(...)                                                                                  \
    struct trine__measurement rows[] = { __VA_ARGS__ };                                            \
    size_t count = sizeof rows / sizeof rows[0];                                                   \
    struct trine__text text = { 0 }

#define SAYS(what)     assert_non_null(strstr(text.data, (what)))
#define SAYS_NOT(what) assert_null(strstr(text.data, (what)))

#define WAITING                                                                                    \
    made(&waits, TRINE__MODEL_SERIAL, 1, 5, 0.01),                                                 \
        made(&waits, TRINE__MODEL_THREADS, 5, 1.02, 0.01),                                         \
        made(&waits, TRINE__MODEL_COROUTINES, 1, 1.01, 0.01),                                      \
        made(&waits, TRINE__MODEL_PROCESSES, 2, 3, 0.05)
#define COMPUTING                                                                                  \
    made(&computes, TRINE__MODEL_SERIAL, 1, 4, 3.99),                                              \
        made(&computes, TRINE__MODEL_THREADS, 4, 1, 4),                                            \
        made(&computes, TRINE__MODEL_COROUTINES, 1, 4, 4),                                         \
        made(&computes, TRINE__MODEL_PROCESSES, 4, 1.1, 4.1)

static void table_tells_speed_against_serial(void **state)
{
    ROWS(WAITING, COMPUTING);
    trine__compare_table(&text, rows, count, false);
    SAYS("workload");
    SAYS("coroutines       1      5     1.010     0.010       6.0    4.95x  -\n");
    SAYS("4.00x");
    SAYS_NOT("\033");
    trine__text_done(&text);
}

static void table_without_serial_has_no_speedup(void **state)
{
    ROWS(made(&waits, TRINE__MODEL_THREADS, 5, 1, 0));
    trine__compare_table(&text, rows, count, false);
    SAYS("6.0        -  -\n");
    trine__text_done(&text);
}

static void errors_name_their_items(void **state)
{
    ROWS(WAITING);
    fail_item(&rows[1], 3, "http://x/3: connection refused");
    fail_item(&rows[1], 5, "http://x/5: answered 404");
    trine__compare_table(&text, rows, count, false);
    SAYS("2: items 3, 5\n");
    trine__compare_failures(&text, rows, count);
    SAYS("waits, threads, item 3: http://x/3: connection refused\n");
    SAYS("waits, threads, item 5: http://x/5: answered 404\n");
    trine__text_done(&text);
}

static void errors_beyond_those_kept_are_counted(void **state)
{
    ROWS(made(&waits, TRINE__MODEL_SERIAL, 1, 1, 0));
    for (size_t i = 0; i < TRINE__FAILURES_MAX; i++)
        fail_item(&rows[0], i + 1, "no");
    rows[0].failed += 4;
    trine__compare_table(&text, rows, count, false);
    SAYS(", 16, ...\n");
    trine__compare_failures(&text, rows, count);
    SAYS("waits, serial: 4 more failed\n");
    trine__text_done(&text);
}

static void interrupted_row_says_how_far_it_came(void **state)
{
    ROWS(WAITING);
    rows[3].finished = false;
    rows[3].done = 2;
    trine__compare_table(&text, rows, count, false);
    SAYS("processes  stopped after 2 of 5 items\n");
    trine__text_done(&text);
}

static void json_has_finished_rows_only(void **state)
{
    ROWS(WAITING);
    rows[3].finished = false;
    fail_item(&rows[1], 3, "no");
    trine__compare_json(&text, rows, count);
    SAYS("[\n  {\"workload\": \"waits\", \"model\": \"serial\", \"workers\": 1, \"items\": 5, "
         "\"wall_s\": 5.000000, \"cpu_s\": 0.010000, \"peak_mib\": 6.000, \"speedup\": 1.000, "
         "\"failed\": 0},\n");
    SAYS("\"failed\": 1},\n");
    SAYS_NOT("processes");
    assert_string_equal(text.data + text.len - 3, "\n]\n");
    trine__text_done(&text);
}

static void json_of_nothing_is_an_empty_array(void **state)
{
    struct trine__text text = { 0 };
    trine__compare_json(&text, NULL, 0);
    assert_string_equal(text.data, "[\n]\n");
    trine__text_done(&text);
}

static void waiting_is_advised_coroutines(void **state)
{
    ROWS(WAITING);
    trine__compare_advice(&text, rows, count);
    SAYS("waits waits for 99.8 % of its serial time: use coroutines (5.0 times");
    SAYS("or threads (4.9 times) where a library can only block.\n");
    trine__text_done(&text);
}

static void computing_is_advised_the_best_of_threads_and_processes(void **state)
{
    ROWS(COMPUTING);
    trine__compare_advice(&text, rows, count);
    SAYS("computes computes for 100 % of its serial time: run it in threads (4.0 times");
    SAYS("coroutines share one processor (1.0 times).\n");
    trine__text_done(&text);
    rows[1].wall_ns = rows[0].wall_ns;
    trine__compare_advice(&text, rows, count);
    SAYS("run it in processes (3.6 times");
    trine__text_done(&text);
}

static void advice_follows_figures_and_not_names(void **state)
{
    ROWS(WAITING);
    rows[0].cpu_ns = rows[0].wall_ns;
    trine__compare_advice(&text, rows, count);
    SAYS("waits computes for 100 % of its serial time");
    trine__text_done(&text);
}

static void time_without_a_processor_is_not_waiting(void **state)
{
    ROWS(COMPUTING);
    rows[0].cpu_ns = rows[0].wall_ns / 4;
    rows[0].starved_ns = rows[0].wall_ns / 4 * 3;
    trine__compare_advice(&text, rows, count);
    SAYS("computes computes for 100 % of its serial time");
    trine__text_done(&text);
}

static void bound_of_one_thread_is_told_where_it_matters(void **state)
{
    ROWS(WAITING);
    rows[0].cpu_ns = rows[0].wall_ns / 4;
    trine__compare_advice(&text, rows, count);
    SAYS("one thread can make it at most 4.0 times as fast.\n");
    trine__text_done(&text);
}

static void slower_coroutines_are_not_advised(void **state)
{
    ROWS(WAITING);
    rows[2].wall_ns = rows[0].wall_ns / 2;
    trine__compare_advice(&text, rows, count);
    SAYS("use threads (4.9 times as fast as serial in 5 threads and 6.0 MiB).");
    trine__text_done(&text);
}

static void models_that_failed_are_not_advised(void **state)
{
    ROWS(COMPUTING);
    fail_item(&rows[1], 1, "no");
    trine__compare_advice(&text, rows, count);
    SAYS("run it in processes");
    trine__text_done(&text);
}

static void nothing_is_advised_without_a_serial_run(void **state)
{
    ROWS(made(&waits, TRINE__MODEL_THREADS, 5, 1, 0));
    trine__compare_advice(&text, rows, count);
    SAYS("no advice without a serial run that succeeds");
    trine__text_done(&text);
}

static void no_gain_is_said_to_be_none(void **state)
{
    ROWS(COMPUTING);
    for (size_t i = 1; i < count; i++)
        rows[i].wall_ns = rows[0].wall_ns;
    trine__compare_advice(&text, rows, count);
    SAYS("no model was faster.\n");
    trine__text_done(&text);
    rows[0].cpu_ns = 0;
    trine__compare_advice(&text, rows, count);
    SAYS("no measured model was faster");
    trine__text_done(&text);
}

static void plot_has_two_bars_for_each_finished_row(void **state)
{
    ROWS(WAITING, COMPUTING);
    rows[7].finished = false;
    trine__compare_plot(&text, rows, count);
    size_t bars = 0;
    for (const char *at = text.data; (at = strstr(at, "<rect")) != NULL; at++)
        bars++;
    assert_int_equal(bars, 1 + 7 * 2 + 2); /* background, rows, legend */
    SAYS("waits (5 items)");
    SAYS("1.010 s, 5.0x, 6 MiB");
    assert_string_equal(text.data + text.len - 7, "</svg>\n");
    trine__text_done(&text);
}

static void median_is_the_middle_run_and_keeps_failures(void **state)
{
    ROWS(made(&waits, TRINE__MODEL_SERIAL, 1, 9, 0), made(&waits, TRINE__MODEL_SERIAL, 1, 2, 0),
         made(&waits, TRINE__MODEL_SERIAL, 1, 3, 0));
    fail_item(&rows[0], 4, "no");
    struct trine__measurement median = trine__median(rows, count);
    assert_int_equal(median.wall_ns, 3000000000);
    assert_int_equal(median.failed, 1);
    assert_int_equal(median.failures[0].item, 4);
    trine__text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_tells_speed_against_serial),
        cmocka_unit_test(table_without_serial_has_no_speedup),
        cmocka_unit_test(errors_name_their_items),
        cmocka_unit_test(errors_beyond_those_kept_are_counted),
        cmocka_unit_test(interrupted_row_says_how_far_it_came),
        cmocka_unit_test(json_has_finished_rows_only),
        cmocka_unit_test(json_of_nothing_is_an_empty_array),
        cmocka_unit_test(waiting_is_advised_coroutines),
        cmocka_unit_test(computing_is_advised_the_best_of_threads_and_processes),
        cmocka_unit_test(advice_follows_figures_and_not_names),
        cmocka_unit_test(time_without_a_processor_is_not_waiting),
        cmocka_unit_test(bound_of_one_thread_is_told_where_it_matters),
        cmocka_unit_test(slower_coroutines_are_not_advised),
        cmocka_unit_test(models_that_failed_are_not_advised),
        cmocka_unit_test(nothing_is_advised_without_a_serial_run),
        cmocka_unit_test(no_gain_is_said_to_be_none),
        cmocka_unit_test(plot_has_two_bars_for_each_finished_row),
        cmocka_unit_test(median_is_the_middle_run_and_keeps_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
