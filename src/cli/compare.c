/* SPDX-License-Identifier: MIT */
/* `trine compare`: the same item function over the same items in every model, and what each cost.
 *
 * This process starts no loop and no thread. It forks the test server and, one after the other, a
 * process for each measurement; it listens to their pipes and to signals, so that it can stop at
 * any moment. */
#include "cli/compare.h"
#include "cli/compare_child.h"
#include "cli/compare_jobs.h"
#include "cli/compare_measure.h"
#include "cli/compare_options.h"
#include "cli/compare_output.h"
#include "cli/compare_server.h"
#include "cli/sentence.h"
#include "http/httpbin.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <stdio.h>

enum {
    DELAYS = 5,
    PAGES = TRINE__HTTPBIN_PAGES,
    NUMBERS = 8,
    WORKLOADS_MAX = 3,
    THREADS_FOR_PAGES = 5
};
#define NUMBER UINT64_C(112272535095293)

struct comparison {
    struct trine__compare_options options;
    struct trine__workload workloads[WORKLOADS_MAX];
    size_t workload_count;
    struct trine__page delays[DELAYS], pages[PAGES];
    struct trine__number numbers[NUMBERS];
    struct trine__measurement rows[WORKLOADS_MAX * TRINE__MODELS];
    size_t row_count;
    struct trine__child server; /* pid 0: none */
    int plot;                   /* -1: none */
};

/* ---- progress, on a terminal only */

static void show_nothing(const struct trine__measurement *so_far)
{
}

static void show_progress(const struct trine__measurement *so_far)
{
    fprintf(stderr, "\r\033[K%s, %s: %zu of %zu", so_far->workload->name,
            trine__model_name(so_far->model), so_far->done, so_far->workload->count);
}

static trine__progress_fn progress_begin(void)
{
    return trine__sys_isatty(2) ? show_progress : show_nothing;
}

static void progress_end(void)
{
    if (trine__sys_isatty(2))
        fprintf(stderr, "\r\033[K");
}

/* ---- what is compared */

static void add_workload(struct comparison *all, const char *name, trine_fn fn, void *items,
                         size_t count, size_t size, unsigned threads)
{
    all->workloads[all->workload_count++] = (struct trine__workload){
        .name = name, .fn = fn, .items = items, .count = count, .size = size, .threads = threads
    };
}

static void add_waiting(struct comparison *all, uint16_t port)
{
    for (int i = 0; i < DELAYS; i++)
        snprintf(all->delays[i].url, sizeof all->delays[i].url, "http://127.0.0.1:%u/delay/1",
                 port);
    for (int i = 0; i < PAGES; i++)
        snprintf(all->pages[i].url, sizeof all->pages[i].url, "http://127.0.0.1:%u/page/%d", port,
                 i);
    add_workload(all, "delay", trine__fetch_page, all->delays, DELAYS, sizeof all->delays[0],
                 THREADS_FOR_PAGES);
    add_workload(all, "pages", trine__fetch_page, all->pages, PAGES, sizeof all->pages[0],
                 THREADS_FOR_PAGES);
}

static void add_computing(struct comparison *all)
{
    for (int i = 0; i < NUMBERS; i++)
        all->numbers[i].number = NUMBER;
    add_workload(all, "factorize", trine__factorize, all->numbers, NUMBERS, sizeof all->numbers[0],
                 (unsigned)trine__sys_cpu_count());
}

/* 0 or an error, told. */
static int prepare(struct comparison *all)
{
    const struct trine__compare_options *options = &all->options;
    if (options->urls.count > 0) {
        add_workload(all, "urls", trine__fetch_page, options->pages, options->urls.count,
                     sizeof options->pages[0], THREADS_FOR_PAGES);
        return 0;
    }
    if (options->only != 'c') {
        uint16_t port;
        int error = trine__compare_server_start(&all->server, &port);
        if (error < 0 && trine__stop_signal() == 0)
            fprintf(stderr, "trine compare: cannot start the test server: %s\n",
                    trine__sentence(error));
        if (error < 0)
            return error;
        add_waiting(all, port);
    }
    if (options->only != 'i')
        add_computing(all);
    return 0;
}

/* ---- measuring */

static unsigned workers_for(const struct comparison *all, const struct trine__workload *workload,
                            enum trine__model model)
{
    unsigned workers =
        model == TRINE__MODEL_THREADS ? workload->threads : (unsigned)trine__sys_cpu_count();
    if (all->options.workers > 0)
        workers = all->options.workers;
    return workers < workload->count ? workers : (unsigned)workload->count;
}

/* One row: the median of the repetitions. 0 or an error; -ECANCELED leaves an unfinished row. */
static int measure(struct comparison *all, const struct trine__workload *workload,
                   enum trine__model model)
{
    struct trine__measurement *row = &all->rows[all->row_count];
    unsigned repeat = all->options.repeat;
    struct trine__measurement *runs = trine__alloc_zero(repeat, sizeof *runs);
    int error = runs != NULL ? 0 : -ENOMEM;
    for (unsigned i = 0; i < repeat && error == 0; i++)
        error = trine__measure(workload, model, workers_for(all, workload, model), progress_begin(),
                               &runs[i]);
    if (error == 0)
        *row = trine__median(runs, repeat);
    else if (error == -ECANCELED)
        for (unsigned i = 0; i < repeat; i++)
            if (runs[i].workload != NULL && !runs[i].finished)
                *row = runs[i];
    all->row_count += error == 0 || error == -ECANCELED;
    trine__free(runs);
    return error;
}

static int measure_all(struct comparison *all)
{
    for (size_t i = 0; i < all->workload_count; i++)
        for (enum trine__model model = 0; model < TRINE__MODELS; model++) {
            int error = all->options.model[model] ? measure(all, &all->workloads[i], model) : 0;
            if (error < 0)
                return error;
        }
    return 0;
}

/* ---- telling */

static void add_advice(struct trine__text *text, const struct comparison *all)
{
    trine__text_add(text, "\n");
    for (size_t from = 0, to = 0; from < all->row_count; from = to) {
        while (to < all->row_count && all->rows[to].workload == all->rows[from].workload)
            to++;
        trine__compare_advice(text, all->rows + from, to - from);
    }
}

/* Writes and frees `text`. The exit status. */
static int put(struct trine__text *text, int fd, const char *name)
{
    int error = trine__text_write(text, fd);
    trine__text_done(text);
    if (error < 0)
        fprintf(stderr, "trine compare: cannot write %s: %s\n", name, trine_strerror(error));
    return error < 0;
}

static int tell(const struct comparison *all)
{
    struct trine__text text = { 0 };
    if (all->options.json) {
        trine__compare_json(&text, all->rows, all->row_count);
    } else {
        bool colour = trine__sys_isatty(1) && trine__getenv("NO_COLOR") == NULL;
        trine__compare_table(&text, all->rows, all->row_count, colour);
        if (trine__stop_signal() == 0)
            add_advice(&text, all);
    }
    return put(&text, 1, "standard output");
}

static int plot(const struct comparison *all)
{
    struct trine__text text = { 0 };
    if (all->plot < 0)
        return 0;
    trine__compare_plot(&text, all->rows, all->row_count);
    (void)trine__sys_ftruncate(all->plot, 0); /* of the plot before; a pipe or device has none */
    return put(&text, all->plot, all->options.plot);
}

/* Why items failed, on stderr: the table has room for which only. */
static void tell_failures(const struct comparison *all)
{
    struct trine__text text = { 0 };
    trine__compare_failures(&text, all->rows, all->row_count);
    (void)trine__text_write(&text, 2);
    trine__text_done(&text);
}

static bool any_failed(const struct comparison *all)
{
    for (size_t i = 0; i < all->row_count; i++)
        if (all->rows[i].failed > 0)
            return true;
    return false;
}

static int status_of(const struct comparison *all, int error)
{
    if (trine__stop_signal() == 0)
        return error < 0 || any_failed(all);
    if (all->row_count > 0 && !all->rows[all->row_count - 1].finished) {
        const struct trine__measurement *last = &all->rows[all->row_count - 1];
        fprintf(stderr, "trine compare: stopped by signal %d in %s, %s, after %zu of %zu items\n",
                trine__stop_signal(), last->workload->name, trine__model_name(last->model),
                last->done, last->workload->count);
    }
    return 128 + trine__stop_signal();
}

/* ---- the command */

static int open_plot(struct comparison *all)
{
    if (all->options.plot == NULL)
        return 0;
    all->plot = trine__sys_openat(AT_FDCWD, all->options.plot, O_WRONLY | O_CREAT, 0666);
    if (all->plot < 0)
        fprintf(stderr, "trine compare: cannot write %s: %s\n", all->options.plot,
                trine_strerror(all->plot));
    return all->plot < 0 ? all->plot : 0;
}

static int compare(struct comparison *all)
{
    int status, error = prepare(all);
    if (error < 0)
        return status_of(all, error);
    error = measure_all(all);
    progress_end();
    if (error < 0 && error != -ECANCELED)
        fprintf(stderr, "trine compare: cannot go on: %s\n", trine_strerror(error));
    if (all->server.pid != 0)
        trine__child_end(&all->server, 1, NULL);
    int output = tell(all);
    tell_failures(all);
    output |= plot(all);
    status = status_of(all, error);
    return status == 0 ? output : status;
}

int trine__compare(int argc, char **argv)
{
    struct comparison *all = trine__alloc_zero(1, sizeof *all);
    if (all == NULL)
        return fprintf(stderr, "trine compare: %s\n", trine_strerror(-ENOMEM)), 1;
    all->plot = -1;
    int status = trine__compare_options_init(&all->options, argc, argv);
    if (status < 0 && open_plot(all) < 0)
        status = 1;
    if (status < 0) {
        int error = trine__children_open();
        if (error < 0)
            fprintf(stderr, "trine compare: cannot start: %s\n", trine_strerror(error));
        status = error < 0 ? 1 : compare(all);
        trine__children_close();
    }
    if (all->plot >= 0)
        trine__sys_close(all->plot);
    trine__compare_options_done(&all->options);
    trine__free(all);
    return status;
}
