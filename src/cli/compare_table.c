/* SPDX-License-Identifier: MIT */
/* The table: one row for each workload and model; and a line for each item that failed. */
#include "cli/compare_output.h"

#define BOLD  "\033[1m"
#define RED   "\033[31m"
#define PLAIN "\033[0m"

static double seconds(int64_t nanoseconds)
{
    return (double)nanoseconds / 1e9;
}

/* "2: items 3, 7" */
static void add_errors(struct trine__text *text, const struct trine__measurement *row, bool colour)
{
    if (row->failed == 0) {
        trine__text_add(text, "-");
        return;
    }
    trine__text_add(text, "%s%zu: item%s ", colour ? RED : "", row->failed,
                    row->failed > 1 ? "s" : "");
    for (size_t i = 0; i < row->failed && i < TRINE__FAILURES_MAX; i++)
        trine__text_add(text, "%s%zu", i > 0 ? ", " : "", row->failures[i].item);
    trine__text_add(text, "%s%s", row->failed > TRINE__FAILURES_MAX ? ", ..." : "",
                    colour ? PLAIN : "");
}

static void add_row(struct trine__text *text, const struct trine__measurement *row, double speedup,
                    bool colour)
{
    trine__text_add(text, "%-10s %-10s ", row->workload->name, trine__model_name(row->model));
    if (!row->finished) {
        trine__text_add(text, "stopped after %zu of %zu items\n", row->done, row->workload->count);
        return;
    }
    trine__text_add(text, "%7u %6zu %9.3f %9.3f %9.1f ", row->workers, row->workload->count,
                    seconds(row->wall_ns), seconds(row->cpu_ns), (double)row->peak_kib / 1024);
    if (speedup > 0)
        trine__text_add(text, "%7.2fx  ", speedup);
    else
        trine__text_add(text, "%8s  ", "-");
    add_errors(text, row, colour);
    trine__text_add(text, "\n");
}

void trine__compare_table(struct trine__text *text, const struct trine__measurement *rows,
                          size_t count, bool colour)
{
    trine__text_add(text, "%s%-10s %-10s %7s %6s %9s %9s %9s %8s  %s%s\n", colour ? BOLD : "",
                    "workload", "model", "workers", "items", "wall s", "CPU s", "peak MiB",
                    "speed-up", "errors", colour ? PLAIN : "");
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && rows[i].workload != rows[i - 1].workload)
            trine__text_add(text, "\n");
        add_row(text, &rows[i], trine__speedup(rows, count, &rows[i]), colour);
    }
}

static void add_failures_of(struct trine__text *text, const struct trine__measurement *row)
{
    const char *workload = row->workload->name, *model = trine__model_name(row->model);
    for (size_t i = 0; i < row->failed && i < TRINE__FAILURES_MAX; i++)
        trine__text_add(text, "trine compare: %s, %s, item %zu: %s\n", workload, model,
                        row->failures[i].item, row->failures[i].sentence);
    if (row->failed > TRINE__FAILURES_MAX)
        trine__text_add(text, "trine compare: %s, %s: %zu more failed\n", workload, model,
                        row->failed - TRINE__FAILURES_MAX);
}

void trine__compare_failures(struct trine__text *text, const struct trine__measurement *rows,
                             size_t count)
{
    for (size_t i = 0; i < count; i++)
        add_failures_of(text, &rows[i]);
}
