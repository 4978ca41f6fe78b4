/* SPDX-License-Identifier: MIT */
/* The life of a task: made, bound to a stack, run, ended.
 *
 *     NEW --bind, first dispatch--> RUNNING <--> READY, PARKED          RUNNING --fn returns-->
 * ENDED
 *
 * The function that stands at the bottom of every stack runs one task after the other: when a task
 * ends and the next ready one has not started, it is run on the same warm stack without any switch.
 */
#include "core/task.h"
#include "base/error.h"
#include "base/list.h"
#include "base/must.h"
#include "core/circle.h"
#include "core/local.h"
#include "core/quick.h"
#include <assert.h>
#include <string.h>
#include <sys/single_threaded.h>

/* ---- as a future */

static int cancel(struct trine_future *future)
{
    trine__task_cancel_self(TRINE__CONTAINER(future, struct trine__task, future));
    return 1;
}

static void *value_of(struct trine_future *future)
{
    return TRINE__CONTAINER(future, struct trine__task, future)->arg;
}

static const char *site_of(struct trine_future *future)
{
    return TRINE__CONTAINER(future, struct trine__task, future)->owner.site;
}

static const char *title_of(struct trine_future *future)
{
    return trine__task_name_of(TRINE__CONTAINER(future, struct trine__task, future));
}

static void free_future(struct trine_future *future)
{
    trine__task_free(TRINE__CONTAINER(future, struct trine__task, future));
}

const struct trine__future_kind trine__task_kind = { .name = "task",
                                                     .cancel = cancel,
                                                     .value = value_of,
                                                     .site = site_of,
                                                     .title = title_of,
                                                     .free = free_future };

struct trine_future *trine_self(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? &task->future : NULL;
}

/* "file.c:12 function" -> "function": the name a task has unless it was given one. */
const char *trine__site_name(const char *site)
{
    const char *space = strrchr(site, ' ');
    return space != NULL ? space + 1 : site;
}

const char *trine__task_name_of(const struct trine__task *task)
{
    const char *name = __atomic_load_n(&task->owner.name, __ATOMIC_ACQUIRE);
    return name != NULL ? name : trine__site_name(task->owner.site);
}

const char *trine_task_name(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? trine__task_name_of(task) : NULL;
}

int trine_task_set_name(const char *name)
{
    struct trine__task *task = trine__task_here();
    if (task == NULL)
        return TRINE_ENOLOOP;
    __atomic_store_n(&task->owner.name, name, __ATOMIC_RELEASE);
    return 0;
}

const char *trine_task_site(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? task->owner.site : NULL;
}

/* ---- letters between loops */

void trine__task_mail_cancel(struct trine__task *task, void (*deliver)(struct trine__mail *mail))
{
    uint8_t idle = TRINE__MAIL_IDLE;
    if (!atomic_compare_exchange_strong(&task->context.mail_state, &idle, TRINE__MAIL_CANCEL))
        return;
    task->mail.deliver = deliver;
    trine__loop_post(__atomic_load_n(&task->context.loop, __ATOMIC_SEQ_CST), &task->mail);
}

static void deliver_end(struct trine__mail *mail)
{
    struct trine__task *task = TRINE__CONTAINER(mail, struct trine__task, mail);
    task->family->ended(task->family, task);
}

/* Closes the letter box, so that no cancel can come any more; waits for one on its way. */
static __attribute__((noinline)) void close_letter_box(struct trine__task *task,
                                                       struct trine__loop *loop)
{
    uint8_t idle = TRINE__MAIL_IDLE;
    while (!atomic_compare_exchange_strong(&task->context.mail_state, &idle, TRINE__MAIL_END)) {
        trine__loop_settle(loop);
        idle = TRINE__MAIL_IDLE;
    }
    task->context.state = TRINE__TASK_ENDED;
}

/* ---- ended */

static void close_scopes_left_open(struct trine__task *task)
{
    trine_must(
        trine__loop_here == task->context.loop,
        "a child of fork() may not return from the task that forked: it has to call _exit()");
    trine__report(
        "task '%s' (spawned at %s) returned with an open scope or group; it is cancelled and "
        "joined now",
        trine__task_name_of(task), task->owner.site);
    while (task->context.scope != &task->family->scope) {
        struct trine_scope *scope = task->context.scope;
        if (scope->family) {
            struct trine__family *family = TRINE__CONTAINER(scope, struct trine__family, scope);
            family->abandon(family);
        } else {
            trine_scope_close(scope);
        }
    }
}

/* fn returned and left scopes open: a bug of the caller's, which is reported and mended. The
 * scopes, and what children were given, lie in frames that nothing protects any more; so before
 * anything else is called, and without a call, this steps over them, to the middle of what is left
 * of the stack. */
static inline __attribute__((always_inline)) void abandon_scopes(struct trine__task *task)
{
    char *here = __builtin_frame_address(0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla"
    char frames[(here - (char *)trine__strand_stack(task->strand)->low) / 2];
#pragma GCC diagnostic pop
    __asm__ volatile("" : : "r"(frames) : "memory");
    close_scopes_left_open(task);
}

/* The last error the task met is its own if the outcome says the same. */
static __attribute__((noinline, cold)) struct trine_error *own_error(struct trine__task *task,
                                                                     int outcome)
{
    struct trine_error *error = task->future.error;
    if (trine_error_code(error) != outcome) {
        trine__error_unref(error);
        return NULL;
    }
    trine__error_set_origin(error, task->owner.site);
    return error;
}

static inline void end(struct trine__loop *loop, struct trine__task *task, int outcome)
{
    if (trine__unlikely(task->context.held != NULL))
        trine__held_abandon(&task->context);
    struct trine__family *family = task->family;
    struct trine__loop *home = family->scope.context->loop;
    task->context.state = TRINE__TASK_ENDED;
    struct trine_error *error = task->future.error;
    if (trine__unlikely(error != NULL))
        error = own_error(task, outcome);
    trine__future_complete(&task->future, outcome, error);
    if (!__libc_single_threaded)
        close_letter_box(task, loop);
    if (trine__likely(home == loop)) {
        family->ended(family, task);
    } else {
        task->mail.deliver = deliver_end;
        trine__loop_post(home, &task->mail);
    }
}

/* ---- run */

static size_t stack_size_of(const struct trine__loop *loop, const struct trine__task *task)
{
    return task->context.stack_class != 0 ? (size_t)1 << task->context.stack_class
                                          : loop->runtime->stack_size;
}

/* Leaves an ended task's strand, warm, for the next task that has to start; goes on with `next`, or
 * with the loop. If it returns, such a task is current. */
static inline void rest(struct trine__loop *loop, struct trine__strand *strand,
                        struct trine__task *next)
{
    trine__strand_stack(strand)->owner = NULL;
    if (strand->size == loop->runtime->stack_size) {
        strand->next = loop->resting;
        loop->resting = strand;
        loop->resting_count++;
    } else {
        strand->next = loop->retired;
        loop->retired = strand;
    }
    trine__fiber_leave(&strand->fiber, trine__loop_fiber_of(loop, next));
}

/* The place of what it will run is from now on that of what it holds. */
static inline trine_fn begin(struct trine__task *task)
{
    trine_fn fn = task->context.fn;
    task->context.held = NULL;
    return fn;
}

/* Stands at the bottom of every stack. */
static void strand_main(void *arg)
{
    struct trine__loop *loop = arg;
    struct trine__strand *strand = loop->current->strand;
    for (;;) {
        struct trine__task *task = loop->current;
        int outcome = begin(task)(task->arg);
        if (trine__unlikely(task->context.scope != &task->family->scope))
            abandon_scopes(task);
        trine__stack_check(trine__strand_stack(strand)); /* while it has an owner */
        end(loop, task, outcome);
        struct trine__task *next = trine__loop_take(loop);
        if (next != NULL && next->strand == NULL && strand->size == stack_size_of(loop, next))
            trine__strand_occupy(strand, next);
        else
            rest(loop, strand, next);
    }
}

static int new_strand(struct trine__loop *loop, size_t size, struct trine__strand **ret)
{
    struct trine__stack *stack;
    int error = trine__stack_take(loop->stacks, size, &stack);
    if (error < 0)
        return error;
    struct trine__strand *strand = (struct trine__strand *)(void *)stack - 1;
    *strand = (struct trine__strand){ .size = size };
    trine__fiber_init(&strand->fiber, stack->low, strand, strand_main, loop);
    *ret = strand;
    return 0;
}

int trine__strand_bind(struct trine__loop *loop, struct trine__task *task)
{
    size_t size = stack_size_of(loop, task);
    struct trine__strand *strand;
    if (loop->resting != NULL && loop->resting->size == size) {
        strand = trine__strand_wake(loop);
    } else {
        int error = new_strand(loop, size, &strand);
        if (error < 0)
            return error;
    }
    trine__strand_occupy(strand, task);
    return 0;
}

static struct trine__strand *give_back(struct trine__loop *loop, struct trine__strand *strand)
{
    struct trine__strand *next = strand->next;
    trine__fiber_done(&strand->fiber);
    trine__stack_give(loop->stacks, trine__strand_stack(strand));
    return next;
}

void trine__strands_trim(struct trine__loop *loop, size_t keep)
{
    while (loop->retired != NULL)
        loop->retired = give_back(loop, loop->retired);
    if (loop->resting_count <= keep)
        return;
    for (; loop->resting_count > keep; loop->resting_count--)
        loop->resting = give_back(loop, loop->resting);
    trine__stack_cache_trim(loop->stacks);
}

void trine__task_fail_unbound(struct trine__loop *loop, struct trine__task *task)
{
    loop->current =
        NULL; /* this is the loop's own stack: nothing here may switch away from the task */
    (void)begin(task);
    trine__error_unref(task->future.error);
    task->future.error = trine__error_newf(-ENOMEM, "no memory for the task's stack of %zu KiB",
                                           stack_size_of(loop, task) / 1024);
    end(loop, task, -ENOMEM);
}
