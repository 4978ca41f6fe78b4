/* SPDX-License-Identifier: MIT */
/* One sentence of advice, drawn from figures alone.
 *
 * What decides is the share of its serial time that a workload computes. From half upwards only
 * more processors help, so threads or processes are compared. Below it waits, and whoever waits in
 * one thread is cheapest: coroutines, unless another model was clearly faster. One thread that
 * never waits is 1 / share times as fast as the serial run, and no faster; that bound is told where
 * it matters. */
#include "cli/compare_output.h"

#define BUSY    0.5  /* this share and more: bound by the processor */
#define NOTABLE 0.05 /* this share and more: the bound of one thread is worth telling */
#define FASTER  1.15 /* this many times as fast: a difference */

struct field {
    const struct trine__measurement *of[TRINE__MODELS]; /* finished without failures; else NULL */
    double speedup[TRINE__MODELS];
};

static struct field survey(const struct trine__measurement *rows, size_t count)
{
    struct field field = { 0 };
    for (size_t i = 0; i < count; i++) {
        if (!rows[i].finished || rows[i].failed > 0)
            continue;
        field.of[rows[i].model] = &rows[i];
        field.speedup[rows[i].model] = trine__speedup(rows, count, &rows[i]);
    }
    return field;
}

/* The fastest of the models in the set (a bit for each), or TRINE__MODELS. */
static enum trine__model fastest(const struct field *field, unsigned set)
{
    enum trine__model best = TRINE__MODELS;
    for (unsigned model = 0; model < TRINE__MODELS; model++)
        if (field->of[model] != NULL && (set >> model & 1) != 0 &&
            (best == TRINE__MODELS || field->speedup[model] > field->speedup[best]))
            best = (enum trine__model)model;
    return best;
}

static void advise_busy(struct trine__text *text, const struct field *field)
{
    enum trine__model best =
        fastest(field, 1U << TRINE__MODEL_THREADS | 1U << TRINE__MODEL_PROCESSES);
    if (best == TRINE__MODELS) {
        trine__text_add(text, "threads or processes on more processors are what can speed it up; "
                              "neither was measured without errors.\n");
        return;
    }
    if (field->speedup[best] < FASTER) {
        trine__text_add(text,
                        "it needs more processors than it had here, for no model was faster.\n");
        return;
    }
    trine__text_add(text, "run it in %s (%.1f times as fast as serial, the best measured)",
                    trine__model_name(best), field->speedup[best]);
    if (field->of[TRINE__MODEL_COROUTINES] != NULL &&
        field->speedup[TRINE__MODEL_COROUTINES] < FASTER)
        trine__text_add(text, ", for coroutines share one processor (%.1f times)",
                        field->speedup[TRINE__MODEL_COROUTINES]);
    trine__text_add(text, ".\n");
}

static void advise_waiting(struct trine__text *text, const struct field *field, double share)
{
    enum trine__model best = fastest(field, ~0U);
    bool coroutines = field->of[TRINE__MODEL_COROUTINES] != NULL &&
                      field->speedup[best] < FASTER * field->speedup[TRINE__MODEL_COROUTINES];
    if (best == TRINE__MODEL_SERIAL || field->speedup[best] < FASTER) {
        trine__text_add(text, "no measured model was faster, so serial will do.\n");
        return;
    }
    enum trine__model choice = coroutines ? TRINE__MODEL_COROUTINES : best;
    const struct trine__measurement *row = field->of[choice];
    trine__text_add(text, "use %s (%.1f times as fast as serial in ", trine__model_name(choice),
                    field->speedup[choice]);
    if (choice == TRINE__MODEL_COROUTINES)
        trine__text_add(text, "one thread and %.1f MiB)", (double)row->peak_kib / 1024);
    else
        trine__text_add(text, "%u %s and %.1f MiB)", row->workers, trine__model_name(choice),
                        (double)row->peak_kib / 1024);
    if (choice == TRINE__MODEL_COROUTINES && field->of[TRINE__MODEL_THREADS] != NULL)
        trine__text_add(text, ", or threads (%.1f times) where a library can only block",
                        field->speedup[TRINE__MODEL_THREADS]);
    if (choice == TRINE__MODEL_COROUTINES && share >= NOTABLE)
        trine__text_add(text, "; one thread can make it at most %.1f times as fast", 1 / share);
    trine__text_add(text, ".\n");
}

/* On a machine that others use, time spent waiting for a processor is not the workload's waiting.
 */
static double share_of(const struct trine__measurement *serial)
{
    int64_t own = serial->wall_ns - serial->starved_ns;
    return serial->cpu_ns < own ? (double)serial->cpu_ns / (double)own : 1;
}

void trine__compare_advice(struct trine__text *text, const struct trine__measurement *rows,
                           size_t count)
{
    struct field field = survey(rows, count);
    const struct trine__measurement *serial = field.of[TRINE__MODEL_SERIAL];
    const char *name = rows[0].workload->name;
    if (serial == NULL || serial->wall_ns <= 0) {
        trine__text_add(text, "%s: no advice without a serial run that succeeds.\n", name);
        return;
    }
    double share = share_of(serial);
    if (share >= BUSY) {
        trine__text_add(text, "%s computes for %.0f %% of its serial time: ", name, 100 * share);
        advise_busy(text, &field);
    } else {
        trine__text_add(text, "%s waits for %.1f %% of its serial time: ", name, 100 * (1 - share));
        advise_waiting(text, &field, share);
    }
}
