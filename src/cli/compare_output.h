/* SPDX-License-Identifier: MIT */
/* The ways of telling what was measured. Each adds to `text`; rows are in the order measured. */
#ifndef TRINE_CLI_COMPARE_OUTPUT_H
#define TRINE_CLI_COMPARE_OUTPUT_H

#include "cli/compare.h"
#include "cli/text.h"

/* A table for people. `colour`: with the escapes of a terminal. */
void trine__compare_table(struct trine__text *text, const struct trine__measurement *rows,
                          size_t count, bool colour);
/* A line for each item that failed. */
void trine__compare_failures(struct trine__text *text, const struct trine__measurement *rows,
                             size_t count);
/* One object for each finished row. */
void trine__compare_json(struct trine__text *text, const struct trine__measurement *rows,
                         size_t count);
/* One sentence for the workload that `rows` are about, from the CPU share of its serial run. */
void trine__compare_advice(struct trine__text *text, const struct trine__measurement *rows,
                           size_t count);
/* Bars as an SVG document. */
void trine__compare_plot(struct trine__text *text, const struct trine__measurement *rows,
                         size_t count);

#endif
