// SPDX-License-Identifier: MIT
/* W8, libuv: uv_queue_work on two threads, the result in the request, its loop run until all are
 * back. */
#include "../../common/pool.h"
#include <uv.h>

struct job {
    uv_work_t request;
    long value;
};

static void work(uv_work_t *request)
{
    ((struct job *)request->data)->value++;
}

static void done(uv_work_t *request, int status)
{
}

static long pool_window(long first, long len)
{
    static struct job jobs[BENCH_WINDOW];
    long sum = 0;
    for (long k = 0; k < len; k++) {
        jobs[k].value = first + k;
        jobs[k].request.data = &jobs[k];
        uv_queue_work(uv_default_loop(), &jobs[k].request, work, done);
    }
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    for (long k = 0; k < len; k++)
        sum += jobs[k].value;
    return sum;
}

int main(int argc, char **argv)
{
    setenv("UV_THREADPOOL_SIZE", "2", 1);
    bench_pool(argc, argv, 500000);
    return 0;
}
