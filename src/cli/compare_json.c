/* SPDX-License-Identifier: MIT */
/* The measurements as a JSON array of flat objects. */
#include "cli/compare_output.h"

static void add_object(struct trine__text *text, const struct trine__measurement *row,
                       double speedup)
{
    trine__text_add(text,
                    "  {\"workload\": \"%s\", \"model\": \"%s\", \"workers\": %u, \"items\": %zu, "
                    "\"wall_s\": %.6f, \"cpu_s\": %.6f, \"peak_mib\": %.3f, ",
                    row->workload->name, trine__model_name(row->model), row->workers,
                    row->workload->count, (double)row->wall_ns / 1e9, (double)row->cpu_ns / 1e9,
                    (double)row->peak_kib / 1024);
    if (speedup > 0)
        trine__text_add(text, "\"speedup\": %.3f, ", speedup);
    else
        trine__text_add(text, "\"speedup\": null, ");
    trine__text_add(text, "\"failed\": %zu}", row->failed);
}

void trine__compare_json(struct trine__text *text, const struct trine__measurement *rows,
                         size_t count)
{
    bool first = true;
    trine__text_add(text, "[\n");
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].finished)
            continue;
        trine__text_add(text, "%s", first ? "" : ",\n");
        add_object(text, &rows[i], trine__speedup(rows, count, &rows[i]));
        first = false;
    }
    trine__text_add(text, "%s]\n", first ? "" : "\n");
}
