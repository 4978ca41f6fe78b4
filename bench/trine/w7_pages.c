// SPDX-License-Identifier: MIT
/* W7, Trine: 15 pages through trine_map() over tasks. Second argument: the server's port. */
#include "app.h"
#include <trine/http.h>

#define PAGES 15

struct page {
    char url[64];
    int status;
    size_t bytes;
};

static int fetch_page(void *item)
{
    struct page *page = item;
    struct trine_response *response = NULL;
    int error = TRINE_WITHIN(TRINE_SECONDS(10), trine_http_get(NULL, page->url, &response));
    if (error < 0)
        return error;
    page->status = trine_response_status(response);
    page->bytes = trine_response_body(response).len;
    trine_response_free(response);
    return 0;
}

int main(int argc, char **argv)
{
    struct page pages[PAGES] = { 0 };
    size_t bytes = 0;
    for (int i = 0; i < PAGES; i++)
        snprintf(pages[i].url, sizeof pages[i].url, "http://127.0.0.1:%s/page/%d",
                 argc > 2 ? argv[2] : "80", i);
    uint64_t wall = bench_wall();
    bench_must(trine_map(TRINE_TASKS, fetch_page, pages, PAGES, sizeof pages[0], NULL),
               "trine_map");
    bench_report("pages_wall", (double)(bench_wall() - wall) / 1e6, "ms");
    for (int i = 0; i < PAGES; i++)
        bytes += pages[i].status == 200 ? pages[i].bytes : 0;
    bench_report("pages_bytes", (double)bytes, "B");
    return 0;
}
