/* SPDX-License-Identifier: MIT */
/* `trine fetch`: many URLs at once, one line for each on standard output, one line for each trouble
 * on standard error. */
#include "cli/commands.h"
#include "cli/fetch_save.h"
#include "cli/fetch_show.h"
#include "cli/fetch_urls.h"
#include "cli/options.h"
#include "cli/sentence.h"
#include "sys/sys.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine.h>
#include <trine/http.h>

#define PARALLEL     32
#define PARALLEL_MAX 10000

struct settings {
    const char *input, *output, *user_agent;
    bool remote_name, json;
    unsigned parallel;
    int64_t max_time;
    size_t max_filesize;
};

struct fetch {
    struct settings settings;
    struct trine__url_list list;
    struct trine__fetched *items;
    struct trine__show show;
    int status;
};

static const struct trine__option options[] = {
    { .name = "output",
      .letter = 'o',
      .kind = TRINE__OPTION_TEXT,
      .value = "FILE",
      .help = "write the body to FILE (one URL only)",
      .offset = offsetof(struct settings, output) },
    { .name = "remote-name",
      .letter = 'O',
      .kind = TRINE__OPTION_FLAG,
      .help = "write each body to a file here, named like the last part of\nits URL's path",
      .offset = offsetof(struct settings, remote_name) },
    { .name = "input-file",
      .letter = 'i',
      .kind = TRINE__OPTION_TEXT,
      .value = "FILE",
      .help = "also fetch the URLs in FILE, one a line (# begins a comment;\n- is standard input)",
      .offset = offsetof(struct settings, input) },
    { .name = "parallel",
      .letter = 'j',
      .kind = TRINE__OPTION_NUMBER,
      .value = "N",
      .help = "transfers at once; default: 32",
      .offset = offsetof(struct settings, parallel),
      .least = 1,
      .most = PARALLEL_MAX },
    { .name = "max-time",
      .letter = 'm',
      .kind = TRINE__OPTION_DURATION,
      .value = "TIME",
      .help = "limit for each URL: 500ms, 10s (or 10), 2m; default: none",
      .offset = offsetof(struct settings, max_time) },
    { .name = "max-filesize",
      .kind = TRINE__OPTION_SIZE,
      .value = "SIZE",
      .help = "limit for each body: 4096, 10k, 1M; default: 64M",
      .offset = offsetof(struct settings, max_filesize) },
    { .name = "user-agent",
      .letter = 'A',
      .kind = TRINE__OPTION_TEXT,
      .value = "TEXT",
      .help = "what to call oneself",
      .offset = offsetof(struct settings, user_agent) },
    { .name = "json",
      .kind = TRINE__OPTION_FLAG,
      .help = "one object a line: {url, status, bytes, seconds, file, error}",
      .offset = offsetof(struct settings, json) },
    { .name = NULL },
};

static const struct trine__command command = {
    .name = "fetch",
    .operands = "URL...",
    .about = "Fetches the URLs concurrently and prints a line for each as it ends: status, bytes, "
             "seconds,\n"
             "URL. Without -o and -O the bodies are dropped.",
    .notes = "A file appears whole or not at all. An answer of 400 and above is a failure, and its "
             "body is\n"
             "not saved.\n\n"
             "Examples:\n"
             "  trine fetch https://example.org/\n"
             "  trine fetch -o page.html --max-time 10s https://example.org/\n"
             "  trine fetch -O -j 100 -i urls.txt\n"
             "  generate-urls | trine fetch --json -i - > results.jsonl\n\n"
             "Exit status: 0 all is well, 1 some URLs failed, 2 wrong use, 130 interrupted.\n",
    .options = options,
};

/* ---- one URL */

struct job {
    struct trine__fetched *item;
    const struct settings *settings;
    struct trine_client *client;
};

static int save(const struct settings *settings, const struct trine__fetched *item,
                const struct trine_response *response)
{
    if (item->file == NULL)
        return 0;
    struct trine_slice body = trine_response_body(response);
    return settings->output != NULL ? trine__save(item->file, body)
                                    : trine__save_here(item->file, body);
}

static int get(struct job *job)
{
    struct trine__fetched *item = job->item;
    struct trine_response *response = NULL;
    int64_t begin = trine_now();
    int error = trine_http_get(job->client, item->url, &response);
    item->elapsed = trine_now() - begin;
    if (error < 0)
        return error;
    item->status = trine_response_status(response);
    item->bytes = trine_response_body(response).len;
    if (item->status >= 400)
        error = trine_fail(TRINE_EHTTPSTATUS, "%s: answered %d", item->url, item->status);
    else
        error = save(job->settings, item, response);
    trine_response_free(response);
    return error;
}

static int fetch_one(void *arg)
{
    struct job *job = arg;
    if (job->item->outcome < 0) /* refused before it began */
        return job->item->outcome;
    int error = get(job);
    trine__fetched_end(job->item, error);
    return error;
}

/* ---- all of them */

static void one_done(void *item, size_t index, int outcome, void *arg)
{
    struct fetch *fetch = arg;
    struct trine__fetched *fetched = &fetch->items[index];
    if (outcome < 0 && fetched->outcome == 0) /* it never ran */
        fetched->outcome = outcome;
    trine__show_item(&fetch->show, fetched);
}

static int by_name(const void *left, const void *right)
{
    const struct trine__fetched *const *a = left, *const *b = right;
    int order = strcmp((*a)->file, (*b)->file);
    return order != 0 ? order : (*a > *b) - (*a < *b);
}

/* Of several URLs with one name the first keeps it; the others fail rather than overwrite it. */
static int refuse_same_names(struct fetch *fetch)
{
    size_t named = 0;
    struct trine__fetched **order = trine__alloc(fetch->list.count * sizeof *order);
    if (order == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < fetch->list.count; i++)
        if (fetch->items[i].file != NULL)
            order[named++] = &fetch->items[i];
    qsort(order, named, sizeof order[0], by_name);
    for (size_t i = 1; i < named; i++)
        if (strcmp(order[i]->file, order[i - 1]->file) == 0)
            trine__fetched_end(order[i],
                               trine_fail(-EEXIST, "%s: another URL has the name %s already",
                                          order[i]->url, order[i]->file));
    trine__free(order);
    return 0;
}

static int name_files(struct fetch *fetch)
{
    if (fetch->settings.output != NULL)
        fetch->items[0].file = trine__strdup(fetch->settings.output);
    if (!fetch->settings.remote_name)
        return fetch->settings.output != NULL && fetch->items[0].file == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < fetch->list.count; i++) {
        char name[TRINE__FILE_NAME_MAX + 1];
        struct trine__fetched *item = &fetch->items[i];
        int error = trine__remote_name(item->url, name, sizeof name);
        if (error < 0)
            trine__fetched_end(item, error);
        else if ((item->file = trine__strdup(name)) == NULL)
            return -ENOMEM;
    }
    return refuse_same_names(fetch);
}

static int make_items(struct fetch *fetch)
{
    fetch->items = trine__alloc_zero(fetch->list.count, sizeof *fetch->items);
    if (fetch->items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < fetch->list.count; i++)
        fetch->items[i].url = fetch->list.urls[i];
    return name_files(fetch);
}

static int map(struct fetch *fetch, struct trine_client *client)
{
    size_t count = fetch->list.count;
    struct job *jobs = trine__alloc(count * sizeof *jobs);
    if (jobs == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        jobs[i] = (struct job){ &fetch->items[i], &fetch->settings, client };
    struct trine_map_options how = { .limit = fetch->settings.parallel,
                                     .collect = true,
                                     .on_done = one_done,
                                     .on_done_arg = fetch };
    int error = trine_map(TRINE_TASKS, fetch_one, jobs, count, sizeof jobs[0], &how);
    trine__free(jobs);
    return error;
}

static int fetch_all(struct fetch *fetch)
{
    struct trine_client *client = trine_client_new(
        &(struct trine_client_options){ .body_max = fetch->settings.max_filesize,
                                        .timeout = fetch->settings.max_time,
                                        .user_agent = fetch->settings.user_agent });
    int error = client != NULL ? make_items(fetch) : -ENOMEM;
    if (error < 0) {
        fprintf(stderr, "trine fetch: %s\n", trine__sentence(error));
        trine_client_free(client);
        return TRINE__EXIT_FAILED;
    }
    trine__show_open(&fetch->show, fetch->list.count, fetch->settings.json);
    (void)map(fetch, client); /* each item has told its own */
    trine_client_free(client);
    return trine__show_close(&fetch->show, trine_interrupted());
}

static int read_input(struct fetch *fetch)
{
    if (fetch->settings.input == NULL ||
        trine__url_list_read(&fetch->list, fetch->settings.input) == 0)
        return -1;
    if (trine_interrupted())
        return TRINE__EXIT_INTERRUPTED;
    fprintf(stderr, "trine fetch: %s\n", trine_error_message(trine_error_last()));
    return TRINE__EXIT_FAILED;
}

static int app(void *arg)
{
    struct fetch *fetch = arg;
    fetch->status = read_input(fetch);
    if (fetch->status >= 0)
        return 0;
    if (fetch->list.count == 0)
        fetch->status = trine__misuse(&command, "there is no URL to fetch");
    else if (fetch->settings.output != NULL && fetch->list.count > 1)
        fetch->status = trine__misuse(&command, "-o goes with one URL, and there are %zu; use -O",
                                      fetch->list.count);
    else
        fetch->status = fetch_all(fetch);
    return 0;
}

/* ---- the command */

static int run(struct fetch *fetch, int count, char **urls)
{
    int error = 0;
    for (int i = 0; i < count && error == 0; i++)
        error = trine__url_list_add(&fetch->list, urls[i]);
    if (error == 0)
        error = trine_run(app, fetch, NULL);
    if (error == 0)
        return fetch->status;
    fprintf(stderr, "trine fetch: %s\n", trine__sentence(error));
    return TRINE__EXIT_FAILED;
}

int trine__fetch(int argc, char **argv)
{
    struct fetch fetch = { .settings.parallel = PARALLEL };
    int first, status = trine__options_parse(&command, argc, argv, &fetch.settings, &first);
    if (status < 0 && fetch.settings.output != NULL && fetch.settings.remote_name)
        status = trine__misuse(&command, "-o and -O exclude each other");
    if (status < 0)
        status = run(&fetch, argc - first, argv + first);
    for (size_t i = 0; fetch.items != NULL && i < fetch.list.count; i++)
        trine__fetched_done(&fetch.items[i]);
    trine__free(fetch.items);
    trine__url_list_done(&fetch.list);
    return status;
}
