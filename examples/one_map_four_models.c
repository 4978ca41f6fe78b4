/* SPDX-License-Identifier: MIT */
/* One map, four models: 15 pages, fetched serially, by tasks, by 5 threads and by processes.
 *
 *      56765 bytes  Page 0 of the encyclopedia
 *     ...                                             15 lines
 *     serial       15 pages in 0.80 s
 *     tasks        15 pages in 0.10 s
 *     threads      15 pages in 0.18 s
 *     processes    15 pages in 0.41 s                 on 2 processors
 *
 * Usage: one_map_four_models [URL of a running `trine httpbin`] */
#include <stdio.h>
#include <string.h>
#include <trine.h>
#include <trine/http.h>

#define PAGES 15

/* Flat, since it may cross to another process. */
struct page {
    char url[256];
    int status;
    size_t bytes;
    char title[128];
};

static void title_of(struct trine_slice html, char *title, size_t size)
{
    const char *start = memmem(html.data, html.len, "<title>", 7);
    const char *end = memmem(html.data, html.len, "</title>", 8);
    if (start != NULL && end > start)
        snprintf(title, size, "%.*s", (int)(end - start - 7), start + 7);
}

static int fetch_page(void *item)
{
    struct page *page = item;
    struct trine_response *response = NULL;
    int error = TRINE_WITHIN(TRINE_SECONDS(10), trine_http_get(NULL, page->url, &response));
    if (error < 0)
        return error;
    page->status = trine_response_status(response);
    page->bytes = trine_response_body(response).len;
    title_of(trine_response_body(response), page->title, sizeof page->title);
    trine_response_free(response);
    return 0;
}
TRINE_JOB(fetch_page, struct page); /* only functions that run in another process need this line */

static int fetch_all(struct trine_executor *executor, struct page *pages)
{
    int64_t start = trine_now();
    int error = trine_map(executor, fetch_page, pages, PAGES, sizeof pages[0], NULL);
    if (error < 0)
        fprintf(stderr, "%s\n", trine_strerror(error));
    for (int i = 0; i < PAGES && executor == TRINE_SERIAL; i++)
        printf("%6zu bytes  %s\n", pages[i].bytes, pages[i].title);
    printf("%-12s %d pages in %.2f s\n", trine_executor_name(executor), PAGES,
           (double)(trine_now() - start) / TRINE_SECONDS(1));
    return error;
}

int main(int argc, char **argv)
{
    struct page pages[PAGES] = { 0 };
    for (int i = 0; i < PAGES; i++)
        snprintf(pages[i].url, sizeof pages[i].url, "%s/page/%d",
                 argc > 1 ? argv[1] : "http://127.0.0.1:8000", i);
    struct trine_executor *processes = trine_process_pool_new(NULL); /* one for each processor */
    struct trine_executor *threads =
        trine_thread_pool_new(&(struct trine_thread_pool_options){ .workers = 5 });
    struct trine_executor *models[] = { TRINE_SERIAL, TRINE_TASKS, threads, processes };
    int error = threads != NULL && processes != NULL ? 0 : -ENOMEM;
    for (int i = 0; i < 4 && error == 0; i++)
        error = fetch_all(models[i], pages);
    trine_executor_free(threads);
    trine_executor_free(processes);
    return error < 0;
}
