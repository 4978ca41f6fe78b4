/* SPDX-License-Identifier: MIT */
/* A hundred requests, at most ten at once: each takes a permit before its GET.
 *
 *     100 answers, at most 10 requests at once
 *
 * Usage: at_most_ten [URL of a running `trine httpbin`] */
#include <stdio.h>
#include <trine.h>
#include <trine/http.h>

#define REQUESTS 100

static struct trine_semaphore permits = TRINE_BOUNDED_SEMAPHORE_INIT(10);
static char url[256];
static int answers, under_way, most; /* of tasks of one loop: no lock */

static int get(void *arg)
{
    struct trine_response *response = NULL;
    int error = trine_semaphore_acquire(&permits);
    if (error < 0)
        return error;
    if (++under_way > most)
        most = under_way;
    error = trine_http_get(NULL, url, &response);
    under_way--;
    trine_semaphore_release(&permits);
    if (error == 0)
        answers += trine_response_status(response) == 200;
    trine_response_free(response);
    return error;
}

static int app(void *arg)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < REQUESTS; i++)
        trine_spawn(&group, get, NULL);
    int error = trine_group_close(&group);
    if (error < 0)
        fprintf(stderr, "%s\n", trine_strerror(error));
    printf("%d answers, at most %d requests at once\n", answers, most);
    return error;
}

int main(int argc, char **argv)
{
    snprintf(url, sizeof url, "%s/delay/0.02", argc > 1 ? argv[1] : "http://127.0.0.1:8000");
    return trine_run(app, NULL, NULL) < 0;
}
