/* SPDX-License-Identifier: MIT */
#include "cli/compare_options.h"
#include "cli/commands.h"
#include "cli/compare_jobs.h"
#include "cli/options.h"
#include "sys/sys.h"
#include <stdio.h>
#include <string.h>
#include <trine/error.h>

static const char about[] =
    "Runs the same function over the same items serially, in threads, as coroutines and in "
    "processes,\n"
    "and prints what each cost. It starts a test server of its own on a free loopback port.\n"
    "\n"
    "Workloads:\n"
    "  delay      5 requests, each answered after 1 s          (waits)\n"
    "  pages      15 pages of 57 to 468 KB after 20 to 98 ms   (waits)\n"
    "  factorize  112272535095293 by trial division, 8 times   (computes)";

static const char notes[] =
    "Each model runs in a process of its own. Wall time covers the start of its workers, all "
    "items, and\n"
    "the end of its workers. CPU time is that of the process, all threads, and of its worker "
    "processes.\n"
    "Peak memory is the sum of the peaks of these processes; pages they share count for each.\n"
    "\n"
    "Examples:\n"
    "  trine compare\n"
    "  trine compare --only cpu --workers 4 --model serial,threads,processes\n"
    "  trine compare --url http://localhost/ http://localhost/index.html --repeat 5\n"
    "  trine compare --json --plot bars.svg > figures.json\n"
    "\n"
    "Exit status: 0 all is well; 1 an item failed, or a file cannot be read or written; 2 wrong "
    "use;\n"
    "130 interrupted.\n";

static int trouble(void)
{
    fprintf(stderr, "trine compare: %s\n", trine_error_message(trine_error_last()));
    return TRINE__EXIT_FAILED;
}

static int take_url(void *settings, const char *url)
{
    struct trine__compare_options *options = settings;
    return trine__url_list_add(&options->urls, url) < 0 ? trouble() : -1;
}

static int take_models(void *settings, const char *list);
static int take_only(void *settings, const char *what);

#define FIELD(name) offsetof(struct trine__compare_options, name)

static const struct trine__option table[] = {
    { "only", 0, TRINE__OPTION_CALL, "io|cpu", "only the workloads that wait, or that compute",
      .take = take_only },
    { "url", 0, TRINE__OPTION_CALL, "URL...", "compare on these pages instead; may be repeated",
      .take = take_url },
    { "input", 'i', TRINE__OPTION_TEXT, "FILE",
      "the same, one URL a line (# begins a comment;\n- is standard input)", FIELD(input) },
    { "model", 0, TRINE__OPTION_CALL, "A,B",
      "of serial, threads, coroutines (or tasks), processes;\ndefault: all", .take = take_models },
    { "workers", 0, TRINE__OPTION_NUMBER, "N",
      "threads and processes; default: 5 threads for pages,\n"
      "else the processors this program may use;\nnever more than there are items",
      FIELD(workers), 1, TRINE__WORKERS_MAX },
    { "repeat", 0, TRINE__OPTION_NUMBER, "N",
      "measure N times, tell the run with the median wall time", FIELD(repeat), 1,
      TRINE__REPEAT_MAX },
    { "json", 0, TRINE__OPTION_FLAG, NULL,
      "an array of objects {workload, model, workers, items,\nwall_s, cpu_s, peak_mib, speedup, "
      "failed}; speedup is null\nwithout a serial run",
      FIELD(json) },
    { "plot", 0, TRINE__OPTION_TEXT, "FILE", "also draw bars to FILE, in SVG", FIELD(plot) },
    { 0 },
};

static const struct trine__command command = {
    .name = "compare", .operands = "[URL]...", .about = about, .notes = notes, .options = table
};

static int take_model(struct trine__compare_options *options, const char *name, size_t len)
{
    bool tasks = len == strlen("tasks") && strncmp(name, "tasks", len) == 0;
    for (enum trine__model model = 0; model < TRINE__MODELS; model++) {
        const char *known = trine__model_name(model);
        if ((strlen(known) == len && strncmp(name, known, len) == 0) ||
            (tasks && model == TRINE__MODEL_COROUTINES)) {
            options->model[model] = true;
            return -1;
        }
    }
    return trine__misuse(&command,
                         "unknown model '%.*s': there are serial, threads, coroutines, processes",
                         (int)len, name);
}

static int take_models(void *settings, const char *list)
{
    struct trine__compare_options *options = settings;
    memset(options->model, 0, sizeof options->model);
    for (;;) {
        size_t len = strcspn(list, ",");
        int status = take_model(options, list, len);
        if (status >= 0 || list[len] == '\0')
            return status;
        list += len + 1;
    }
}

static int take_only(void *settings, const char *what)
{
    struct trine__compare_options *options = settings;
    if (strcmp(what, "io") != 0 && strcmp(what, "cpu") != 0)
        return trine__misuse(&command, "--only is io or cpu, not '%s'", what);
    options->only = what[0];
    return -1;
}

static int take_operands(struct trine__compare_options *options, int argc, char **argv, int first)
{
    int status = -1;
    if (first < argc && options->urls.count == 0)
        return trine__misuse(&command, "unexpected '%s'; URLs follow --url", argv[first]);
    for (int i = first; i < argc && status < 0; i++)
        status = take_url(options, argv[i]);
    if (options->only != 0 && (options->urls.count > 0 || options->input != NULL))
        return trine__misuse(&command,
                             "--only chooses among the built-in workloads, not among URLs");
    return status;
}

static int take_file(struct trine__compare_options *options)
{
    size_t before = options->urls.count;
    if (options->input == NULL)
        return -1;
    if (trine__url_list_read(&options->urls, options->input) < 0)
        return trouble();
    if (options->urls.count > before)
        return -1;
    (void)trine_fail(-ENODATA, "%s: no URL in it", options->input);
    return trouble();
}

static int make_pages(struct trine__compare_options *options)
{
    size_t count = options->urls.count;
    if (count > TRINE__ITEMS_MAX)
        return trine__misuse(&command, "at most %d URLs, not %zu", TRINE__ITEMS_MAX, count);
    options->pages = trine__alloc_zero(count, sizeof *options->pages);
    if (options->pages == NULL) {
        (void)trine_fail(-ENOMEM, "no memory for %zu pages", count);
        return trouble();
    }
    for (size_t i = 0; i < count; i++) {
        const char *url = options->urls.urls[i];
        if (strlen(url) >= TRINE__URL_MAX)
            return trine__misuse(&command, "a URL has at most %d characters: %.60s...",
                                 TRINE__URL_MAX - 1, url);
        memcpy(options->pages[i].url, url, strlen(url) + 1);
    }
    return -1;
}

int trine__compare_options_init(struct trine__compare_options *options, int argc, char **argv)
{
    int first;
    *options = (struct trine__compare_options){ .repeat = 1, .model = { true, true, true, true } };
    int status = trine__options_parse(&command, argc, argv, options, &first);
    if (status < 0)
        status = take_operands(options, argc, argv, first);
    if (status < 0)
        status = take_file(options);
    return status < 0 && options->urls.count > 0 ? make_pages(options) : status;
}

void trine__compare_options_done(struct trine__compare_options *options)
{
    trine__url_list_done(&options->urls);
    trine__free(options->pages);
}
