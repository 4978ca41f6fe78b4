/* SPDX-License-Identifier: MIT */
/* Five requests to an endpoint that answers after 1 s: the waiting is what can be shared.
 *
 *     serial       5.02 s
 *     threads      1.01 s
 *     tasks        1.01 s
 *     processes    1.02 s
 *
 * Usage: slow_endpoint [URL of a running `trine httpbin` [SECONDS of delay]] */
#include <stdio.h>
#include <trine.h>
#include <trine/http.h>

#define REQUESTS 5

struct request {
    char url[256];
};

static int get(void *item)
{
    struct request *request = item;
    struct trine_response *response = NULL;
    int error = trine_http_get(NULL, request->url, &response);
    if (error < 0)
        return error;
    int status = trine_response_status(response);
    trine_response_free(response);
    return status == 200 ? 0 : TRINE_EHTTPSTATUS;
}
TRINE_JOB(get, struct request);

static int measure(struct trine_executor *executor, struct request *requests)
{
    int64_t start = trine_now();
    int error = trine_map(executor, get, requests, REQUESTS, sizeof requests[0],
                          &(struct trine_map_options){ .chunk = 1 });
    if (error < 0)
        fprintf(stderr, "%s: %s\n", trine_executor_name(executor), trine_strerror(error));
    else
        printf("%-12s %.2f s\n", trine_executor_name(executor),
               (double)(trine_now() - start) / TRINE_SECONDS(1));
    return error;
}

int main(int argc, char **argv)
{
    struct request requests[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        snprintf(requests[i].url, sizeof requests[i].url, "%s/delay/%s",
                 argc > 1 ? argv[1] : "http://127.0.0.1:8000", argc > 2 ? argv[2] : "1");
    struct trine_executor *processes =
        trine_process_pool_new(&(struct trine_process_pool_options){ .workers = REQUESTS });
    struct trine_executor *threads =
        trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = REQUESTS });
    struct trine_executor *models[] = { TRINE_SERIAL, threads, TRINE_TASKS, processes };
    int error = threads != NULL && processes != NULL ? 0 : -ENOMEM;
    for (int i = 0; i < 4 && error == 0; i++)
        error = measure(models[i], requests);
    trine_executor_free(threads);
    trine_executor_free(processes);
    return error < 0;
}
