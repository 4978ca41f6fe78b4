/* SPDX-License-Identifier: MIT */
/* The client as a program, for tests against other people's servers: the same item function over
 * the URLs in the model that is asked for.
 *
 *     http_get MODEL LIMIT TIMEOUT_MS BODY_MAX URL...      MODEL: serial, tasks, threads
 *
 * Prints for each URL, in order, the outcome, the status, the bytes, a checksum and the sentence;
 * then how many descriptors were opened and not closed. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine.h>
#include <trine/http.h>

struct item {
    struct trine_client *client;
    const char *url;
    int outcome, status;
    size_t bytes;
    uint32_t sum;
    char sentence[512], type[64];
};

struct work {
    struct trine_client *client;
    struct item *items;
    size_t count, limit;
    const char *model;
};

/* FNV-1a (Fowler, Noll, Vo). */
static uint32_t checksum(struct trine_slice text)
{
    uint32_t sum = 2166136261U;
    for (size_t i = 0; i < text.len; i++)
        sum = (sum ^ (unsigned char)text.data[i]) * 16777619U;
    return sum;
}

static int get(void *arg)
{
    struct item *item = arg;
    struct trine_response *response = NULL;
    item->outcome = trine_http_get(item->client, item->url, &response);
    if (item->outcome < 0) {
        snprintf(item->sentence, sizeof item->sentence, "%s",
                 trine_error_message(trine_error_last()));
        return item->outcome;
    }
    const char *type = trine_response_header(response, "content-type");
    struct trine_slice body = trine_response_body(response);
    item->status = trine_response_status(response);
    item->bytes = body.len;
    item->sum = checksum(body);
    snprintf(item->type, sizeof item->type, "%s", type != NULL ? type : "");
    trine_response_free(response);
    return 0;
}

static void map(struct work *work, struct trine_executor *executor)
{
    struct trine_map_options how = { .limit = work->limit, .collect = true };
    (void)trine_map(executor, get, work->items, work->count, sizeof work->items[0], &how);
}

static int run(void *arg)
{
    struct work *work = arg;
    map(work, TRINE_TASKS);
    return 0;
}

static void run_model(struct work *work)
{
    if (strcmp(work->model, "tasks") == 0) {
        if (trine_run(run, work, NULL) < 0)
            exit(2);
    } else if (strcmp(work->model, "threads") == 0) {
        struct trine_executor *pool = trine_thread_pool_new(
            &(struct trine_thread_pool_options){ .workers = (unsigned)work->limit });
        map(work, pool);
        trine_executor_free(pool);
    } else {
        map(work, TRINE_SERIAL);
    }
}

static int open_descriptors(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        exit(2);
    while (readdir(folder) != NULL)
        count++;
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 6)
        return 2;
    int before = open_descriptors();
    struct trine_client *client = trine_client_new(&(struct trine_client_options){
        .timeout = TRINE_MILLISECONDS(atoi(argv[3])), .body_max = (size_t)atol(argv[4]) });
    struct work work = { .client = client,
                         .count = (size_t)argc - 5,
                         .limit = (size_t)atoi(argv[2]),
                         .model = argv[1] };
    work.items = calloc(work.count, sizeof work.items[0]);
    if (client == NULL || work.items == NULL)
        return 2;
    for (size_t i = 0; i < work.count; i++)
        work.items[i] = (struct item){ .client = client, .url = argv[5 + i] };
    int64_t begin = trine_now();
    run_model(&work);
    double wall = (double)(trine_now() - begin) / 1e9;
    trine_client_free(client);
    for (size_t i = 0; i < work.count; i++) {
        const struct item *item = &work.items[i];
        printf("%d\t%d\t%zu\t%08x\t%s\t%s\n", item->outcome, item->status, item->bytes, item->sum,
               item->type, item->sentence);
    }
    printf("%d\t%.6f\n", open_descriptors() - before, wall);
    free(work.items);
    return 0;
}
