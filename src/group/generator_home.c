/* SPDX-License-Identifier: MIT */
#include "group/generator_home.h"
#include "sys/sys.h"
#include <errno.h>
#include <pthread.h>

#define THREAD_STACK_BYTES ((size_t)256 * 1024)

struct trine__generator_home {
    struct trine__strand own;          /* the thread's own stack */
    struct trine__strand *strand;      /* what runs outside tasks; NULL: not asked for yet */
    struct trine_generator *first;     /* begun and not finished */
    struct trine__stack_cache *stacks; /* outside loops */
    struct trine__loop *attended;      /* its end will be told */
    struct trine__loop_exit exit;
};

static __thread struct trine__generator_home home_here __attribute__((tls_model("initial-exec")));
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_end;

struct trine__strand **trine__generator_thread_strand(void)
{
    struct trine__generator_home *home = &home_here;
    if (home->strand == NULL) {
        trine__fiber_init_thread(&home->own.fiber);
        home->strand = &home->own;
    }
    return &home->strand;
}

bool trine__generator_at_home(const struct trine_generator *generator)
{
    return generator->home == &home_here && generator->loop == trine__loop_here;
}

/* ---- the end of a home */

/* Each leaves the list as it is closed. */
static void abandon_those_of(struct trine__generator_home *home, const struct trine__loop *loop)
{
    struct trine_generator *generator = home->first;
    while (generator != NULL) {
        if (generator->loop == loop) {
            trine__generator_abandon(generator);
            generator = home->first;
        } else {
            generator = generator->next;
        }
    }
}

static void loop_ends(struct trine__loop_exit *exit)
{
    struct trine__generator_home *home = TRINE__CONTAINER(exit, struct trine__generator_home, exit);
    abandon_those_of(home, home->attended);
    home->attended = NULL;
}

static void thread_ends(void *arg)
{
    struct trine__generator_home *home = arg;
    abandon_those_of(home, NULL);
    trine__stack_cache_free(home->stacks);
    home->stacks = NULL;
    trine__overflow_leave_thread();
}

static void prepare(void)
{
    pthread_key_create(&thread_end, thread_ends);
}

/* ---- stacks */

static int prepare_thread(struct trine__generator_home *home)
{
    int error = trine__fiber_supported();
    if (error == 0)
        error = trine__overflow_install();
    if (error == 0)
        error = trine__overflow_enter_thread(); /* each time: a run may have ended it */
    if (error == 0 && home->stacks == NULL)
        error = trine__stack_cache_new(&home->stacks);
    if (error < 0)
        return error;
    pthread_once(&once, prepare);
    return -pthread_setspecific(thread_end, home);
}

static struct trine__stack_cache *stacks_of(const struct trine_generator *generator)
{
    return generator->loop != NULL ? generator->loop->stacks : generator->home->stacks;
}

static int prepare_home(struct trine__generator_home *home, struct trine__loop *loop)
{
    if (loop == NULL)
        return prepare_thread(home);
    if (home->attended != loop) {
        home->attended = loop;
        home->exit.run = loop_ends;
        trine__loop_at_exit(loop, &home->exit);
    }
    return 0;
}

int trine__generator_bind(struct trine_generator *generator, void (*main)(void *generator))
{
    struct trine__generator_home *home = &home_here;
    struct trine__loop *loop = trine__loop_here;
    struct trine__stack *stack;
    int error = prepare_home(home, loop);
    if (error < 0)
        return error;
    generator->home = home;
    generator->loop = loop;
    error =
        trine__stack_take(stacks_of(generator),
                          loop != NULL ? loop->runtime->stack_size : THREAD_STACK_BYTES, &stack);
    if (error < 0)
        return error;
    stack->owner = &generator->owner;
    generator->stack = stack;
    trine__fiber_init(&generator->strand.fiber, stack->low, stack, main, generator);
    generator->prev = NULL;
    generator->next = home->first;
    if (home->first != NULL)
        home->first->prev = generator;
    home->first = generator;
    return 0;
}

void trine__generator_unbind(struct trine_generator *generator)
{
    if (generator->next != NULL)
        generator->next->prev = generator->prev;
    if (generator->prev != NULL)
        generator->prev->next = generator->next;
    else
        generator->home->first = generator->next;
    trine__fiber_done(&generator->strand.fiber);
    trine__stack_give(stacks_of(generator), generator->stack);
    generator->stack = NULL;
}
