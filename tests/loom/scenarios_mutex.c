/* SPDX-License-Identifier: MIT */
/* Locks with an owner in small: one owner at a time, handed over to the next who still wants it;
 * and circles of waiting, which whoever closes them breaks: one call fails, and nobody hangs. */
#include "scopes.h"
#include "sync/mutex.h"
#include <trine/debug.h>

static struct trine_mutex mutexes[LOOM_THREADS];
static int inside;

static void say_nothing(const char *message, void *arg)
{
}

static void begin_mutex(void)
{
    begin_scopes();
    trine_set_report(say_nothing, NULL);
    for (int i = 0; i < LOOM_THREADS; i++)
        mutexes[i] = (struct trine_mutex)TRINE_MUTEX_INIT;
    inside = 0;
}

static void own(int thread)
{
    errors[thread] = trine_mutex_lock(&mutexes[0]);
    if (errors[thread] < 0)
        return;
    must(++inside == 1);
    must(trine_mutex_locked(&mutexes[0])); /* a point: others may come */
    inside--;
    must(trine_mutex_unlock(&mutexes[0]) == 0);
}

static void own_first(void)
{
    own(0);
}

static void own_second(void)
{
    own(1);
}

static void own_third(void)
{
    own(2);
}

static void all_free(void)
{
    for (int i = 0; i < LOOM_THREADS; i++) {
        must(!trine_mutex_locked(&mutexes[i]));
        must(mutexes[i].waits.first == NULL && mutexes[i].lock.word == 0);
    }
    trine_set_report(NULL, NULL);
}

static void end_cancelled(void)
{
    must(errors[0] == 0 || errors[0] == -ECANCELED);
    must(errors[1] == 0);
    all_free();
    end_scopes();
}

static void end_two_owned(void)
{
    must(errors[0] == 0 && errors[1] == 0);
    all_free();
}

static void end_owned(void)
{
    must(errors[0] == 0 && errors[1] == 0 && errors[2] == 0);
    all_free();
}

/* Its own, then the next one's. */
static void own_two(int thread, int count)
{
    struct trine_mutex *first = &mutexes[thread], *second = &mutexes[(thread + 1) % count];
    must(trine_mutex_lock(first) == 0);
    errors[thread] = trine_mutex_lock(second);
    if (errors[thread] == 0)
        must(trine_mutex_unlock(second) == 0);
    must(trine_mutex_unlock(first) == 0);
}

static void first_of_two(void)
{
    own_two(0, 2);
}

static void second_of_two(void)
{
    own_two(1, 2);
}

static void first_of_three(void)
{
    own_two(0, 3);
}

static void second_of_three(void)
{
    own_two(1, 3);
}

static void third_of_three(void)
{
    own_two(2, 3);
}

static void end_circle(void)
{
    int refused = 0;
    for (int i = 0; i < LOOM_THREADS; i++) {
        must(errors[i] == 0 || errors[i] == -EDEADLK || errors[i] == -1);
        refused += errors[i] == -EDEADLK;
    }
    must(refused <= 1);
    all_free();
}

const struct loom_scenario loom_mutex[] = {
    { "mutex: two own", LOOM_ALL, begin_mutex, { own_first, own_second }, end_two_owned },
    { "mutex: own, own, cancel",
      3,
      begin_mutex,
      { own_first, own_second, cancel_first },
      end_cancelled },
    { "mutex: three own", 2, begin_mutex, { own_first, own_second, own_third }, end_owned },
    { "mutex: a circle of two", 4, begin_mutex, { first_of_two, second_of_two }, end_circle },
    { "mutex: a circle of three",
      2,
      begin_mutex,
      { first_of_three, second_of_three, third_of_three },
      end_circle },
};
const size_t loom_mutex_count = sizeof loom_mutex / sizeof loom_mutex[0];
