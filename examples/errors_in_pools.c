/* SPDX-License-Identifier: MIT */
/* An error in a pool's job reaches the caller, code and sentence, from threads and processes alike.
 *
 *     threads: No such file or directory: no chapter 3
 *     threads, all the same: 0, 10, error, 30, 40
 *     processes: No such file or directory: no chapter 3
 *     processes, all the same: 0, 10, error, 30, 40
 *
 * Python's future.result() that raises, and gather(return_exceptions=True). */
#include <stdio.h>
#include <trine.h>

#define CHAPTERS 5

static int count_words(void *item)
{
    int *chapter = item;
    if (*chapter == 3)
        return trine_fail(-ENOENT, "no chapter %d", *chapter);
    return 10 * (*chapter - 1);
}
TRINE_JOB(count_words, int);

static int one(struct trine_executor *pool)
{
    int chapter = 3, outcome;
    struct trine_future *future = trine_submit(pool, count_words, &chapter, sizeof chapter);
    int error = trine_await(future, &outcome); /* 0: waiting worked, whatever the outcome */
    if (error == 0)
        printf("%s: %s: %s\n", trine_executor_name(pool), trine_strerror(outcome),
               trine_error_message(trine_future_error(future)));
    trine_future_unref(future);
    return error;
}

/* Without .collect the first error would cancel the rest. */
static void all(struct trine_executor *pool)
{
    int chapters[CHAPTERS] = { 1, 2, 3, 4, 5 }, outcomes[CHAPTERS];
    trine_map(pool, count_words, chapters, CHAPTERS, sizeof chapters[0],
              &(struct trine_map_options){ .collect = true, .outcomes = outcomes });
    printf("%s, all the same:", trine_executor_name(pool));
    for (int i = 0; i < CHAPTERS; i++) {
        const char *comma = i < CHAPTERS - 1 ? "," : "\n";
        if (outcomes[i] < 0)
            printf(" error%s", comma);
        else
            printf(" %d%s", outcomes[i], comma);
    }
}

int main(void)
{
    struct trine_executor *pools[] = { trine_thread_pool_new(NULL), trine_process_pool_new(NULL) };
    int error = pools[0] != NULL && pools[1] != NULL ? 0 : -ENOMEM;
    for (int i = 0; i < 2 && error == 0; i++) {
        error = one(pools[i]);
        all(pools[i]);
    }
    trine_executor_free(pools[0]);
    trine_executor_free(pools[1]);
    return error < 0;
}
