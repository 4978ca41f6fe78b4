/* SPDX-License-Identifier: MIT */
/* The measurements as bars, in SVG written by hand:
 *
 *     title
 *     workload, items            (a panel for each; its own scale, for 5 s and 0.1 s do not mix)
 *       model  [#########  ] 1.05 s  4.8x     wall time, and below it, thinner, CPU time
 *     legend                                                                                     */
#include "cli/compare_output.h"

enum {
    WIDTH = 820,
    LEFT = 130, /* where bars begin */
    BARS = 440, /* how long the longest is */
    TOP = 50,
    HEADING = 34, /* height of a panel's heading */
    ROW = 30,     /* height of a row */
    FOOT = 46
};

static const char wall_colour[] = "#3b6fb6", cpu_colour[] = "#e08a2c", text_colour[] = "#222222";

static void add_bar(struct trine__text *text, double y, double length, double height,
                    const char *colour)
{
    trine__text_add(text,
                    "<rect x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n",
                    LEFT, y, length > 0.5 ? length : 0.5, height, colour);
}

static void add_row(struct trine__text *text, const struct trine__measurement *row, double y,
                    double scale, double speedup)
{
    trine__text_add(text, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 10,
                    y + 15, trine__model_name(row->model));
    double wall = scale * (double)row->wall_ns, cpu = scale * (double)row->cpu_ns;
    add_bar(text, y + 2, wall, 14, wall_colour);
    add_bar(text, y + 17, cpu, 5, cpu_colour);
    trine__text_add(text, "<text x=\"%.1f\" y=\"%.1f\">%.3f s",
                    LEFT + (wall > cpu ? wall : cpu) + 8, y + 15, (double)row->wall_ns / 1e9);
    if (speedup > 0)
        trine__text_add(text, ", %.1fx", speedup);
    trine__text_add(text, ", %.0f MiB", (double)row->peak_kib / 1024);
    if (row->failed > 0)
        trine__text_add(text, ", %zu failed", row->failed);
    trine__text_add(text, "</text>\n");
}

/* What one nanosecond is long in the panel of `workload`. */
static double scale_of(const struct trine__measurement *rows, size_t count,
                       const struct trine__workload *workload)
{
    int64_t longest = 1;
    for (size_t i = 0; i < count; i++) {
        if (rows[i].workload != workload || !rows[i].finished)
            continue;
        if (rows[i].wall_ns > longest)
            longest = rows[i].wall_ns;
        if (rows[i].cpu_ns > longest)
            longest = rows[i].cpu_ns;
    }
    return (double)BARS / (double)longest;
}

static void add_legend(struct trine__text *text, int y)
{
    add_bar(text, y, 30, 14, wall_colour);
    trine__text_add(text, "<text x=\"%d\" y=\"%d\">wall time</text>\n", LEFT + 38, y + 12);
    trine__text_add(text, "<rect x=\"%d\" y=\"%d\" width=\"30\" height=\"5\" fill=\"%s\"/>\n",
                    LEFT + 130, y + 5, cpu_colour);
    trine__text_add(text, "<text x=\"%d\" y=\"%d\">CPU time of all workers</text>\n", LEFT + 168,
                    y + 12);
}

/* Rows and headings; returns where the next thing goes. With `text` NULL it only measures. */
static int add_panels(struct trine__text *text, const struct trine__measurement *rows, size_t count)
{
    const struct trine__workload *panel = NULL;
    double scale = 0;
    int y = TOP;
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].finished)
            continue;
        if (rows[i].workload != panel) {
            panel = rows[i].workload;
            scale = scale_of(rows, count, panel);
            y += HEADING;
            if (text != NULL)
                trine__text_add(
                    text, "<text x=\"20\" y=\"%d\" font-weight=\"bold\">%s (%zu items)</text>\n",
                    y - 10, panel->name, panel->count);
        }
        if (text != NULL)
            add_row(text, &rows[i], y, scale, trine__speedup(rows, count, &rows[i]));
        y += ROW;
    }
    return y;
}

void trine__compare_plot(struct trine__text *text, const struct trine__measurement *rows,
                         size_t count)
{
    int height = add_panels(NULL, rows, count) + FOOT;
    trine__text_add(
        text,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"14\" fill=\"%s\">\n"
        "<title>trine compare</title>\n"
        "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n"
        "<text x=\"20\" y=\"32\" font-size=\"18\">One function, run serially, in threads, "
        "as coroutines and in processes</text>\n",
        WIDTH, height, WIDTH, height, text_colour, WIDTH, height);
    int y = add_panels(text, rows, count);
    add_legend(text, y + 14);
    trine__text_add(text, "</svg>\n");
}
