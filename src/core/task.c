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
#include "core/loop.h"
#include "core/strand.h"
#include "core/task_slab.h"
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
    return TRINE__CONTAINER(future, struct trine__task, future)->site;
}

static const char *title_of(struct trine_future *future)
{
    return trine__task_name_of(TRINE__CONTAINER(future, struct trine__task, future));
}

static void free_future(struct trine_future *future)
{
    trine__task_free(TRINE__CONTAINER(future, struct trine__task, future));
}

static const struct trine__future_kind kind = { .name = "task",
                                                .cancel = cancel,
                                                .value = value_of,
                                                .site = site_of,
                                                .title = title_of,
                                                .free = free_future };

struct trine__task *trine__task_of_future(struct trine_future *future)
{
    return future->kind == &kind ? TRINE__CONTAINER(future, struct trine__task, future) : NULL;
}

struct trine_future *trine_self(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? &task->future : NULL;
}

/* "file.c:12 function" -> "function": the name a task has unless it was given one. */
const char *trine__task_name_of(const struct trine__task *task)
{
    const char *name = __atomic_load_n(&task->name, __ATOMIC_ACQUIRE);
    if (name != NULL)
        return name;
    const char *space = strrchr(task->site, ' ');
    return space != NULL ? space + 1 : task->site;
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
    __atomic_store_n(&task->name, name, __ATOMIC_RELEASE);
    struct trine__stack *stack = task->strand->stack;
    if (stack->owner_site == task->site) /* else it runs a generator's */
        stack->owner_name = name;
    return 0;
}

const char *trine_task_site(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? task->site : NULL;
}

/* ---- made and freed */

static uint8_t class_of(size_t stack_size)
{
    return stack_size < 2 ? 1 : (uint8_t)(64 - __builtin_clzll(stack_size - 1));
}

struct trine__task *trine__task_new(struct trine__loop *loop, struct trine__family *family,
                                    trine_fn fn, void *arg, const char *name, const char *site,
                                    size_t stack_size)
{
    struct trine__task *task = loop != NULL ? loop->free_tasks : NULL;
    if (task != NULL)
        loop->free_tasks = task->next;
    else if ((task = trine__task_slab_take(loop)) == NULL)
        return NULL;
    trine__future_init(&task->future, &kind);
    /* Field by field: clearing the whole record first would cost as much as all the rest. */
    task->context.scope = &family->scope;
    task->context.loop = loop;
    task->context.cancelled = 0;
    task->context.self_cancelled = false;
    task->context.held = NULL;
    task->context.need = NULL;
    task->context.cancelled_by = (struct trine__canceller){ 0 };
    struct trine__locals *locals = trine__locals_here();
    task->context.locals = locals != NULL ? trine__locals_ref(locals) : NULL;
    task->sibling_next = NULL;
    task->family = family;
    task->strand = NULL;
    task->fn = fn;
    task->arg = arg;
    task->name = name;
    task->site = site;
    atomic_init(&task->mail_state, TRINE__MAIL_IDLE);
    task->state = TRINE__TASK_NEW;
    task->pinned = false;
    task->stack_class = stack_size != 0 ? class_of(stack_size) : 0;
    return task;
}

void trine__task_free(struct trine__task *task)
{
    if (task->context.locals != NULL)
        trine__locals_unref(task->context.locals);
    struct trine__loop *loop = trine__loop_here;
    if (loop != NULL) {
        task->next = loop->free_tasks;
        loop->free_tasks = task;
    } else {
        trine__task_slab_give(task);
    }
}

void trine__family_add(struct trine__family *family, struct trine__task *task)
{
    struct trine__context *parent = family->scope.context;
    task->sibling_prev = family->last;
    if (family->last != NULL)
        family->last->sibling_next = task;
    else
        family->first = task;
    family->last = task;
    /* The parent's own number holds for the child where no inner scope stands between. */
    if (parent->cancelled != 0 || family->scope.state != 0 || parent->scope != &family->scope ||
        __atomic_load_n(&task->context.self_cancelled, __ATOMIC_SEQ_CST))
        task->context.cancelled = trine__scope_code(&task->context);
}

void trine__family_remove(struct trine__family *family, struct trine__task *task)
{
    if (task->sibling_prev != NULL)
        task->sibling_prev->sibling_next = task->sibling_next;
    else
        family->first = task->sibling_next;
    if (task->sibling_next != NULL)
        task->sibling_next->sibling_prev = task->sibling_prev;
    else
        family->last = task->sibling_prev;
}

/* ---- letters between loops */

void trine__task_mail_cancel(struct trine__task *task, void (*deliver)(struct trine__mail *mail))
{
    uint8_t idle = TRINE__MAIL_IDLE;
    if (!atomic_compare_exchange_strong(&task->mail_state, &idle, TRINE__MAIL_CANCEL))
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
static void close_letter_box(struct trine__task *task, struct trine__loop *loop)
{
    uint8_t idle = TRINE__MAIL_IDLE;
    while (!atomic_compare_exchange_strong(&task->mail_state, &idle, TRINE__MAIL_END)) {
        trine__loop_settle(loop);
        idle = TRINE__MAIL_IDLE;
    }
    task->state = TRINE__TASK_ENDED;
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
        trine__task_name_of(task), task->site);
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
    char frames[(here - (char *)task->strand->stack->low) / 2];
#pragma GCC diagnostic pop
    __asm__ volatile("" : : "r"(frames) : "memory");
    close_scopes_left_open(task);
}

/* The last error the task met is its own if the outcome says the same. */
static struct trine_error *own_error(struct trine__task *task, int outcome)
{
    struct trine_error *error = task->future.error;
    task->future.error = NULL;
    if (error == NULL)
        return NULL;
    if (trine_error_code(error) != outcome) {
        trine__error_unref(error);
        return NULL;
    }
    trine__error_set_origin(error, task->site);
    return error;
}

static void end(struct trine__loop *loop, struct trine__task *task, int outcome)
{
    if (task->context.held != NULL)
        trine__held_abandon(&task->context);
    task->state = TRINE__TASK_ENDED;
    struct trine__loop *home = task->family->scope.context->loop;
    struct trine_error *error = own_error(task, outcome);
    trine__future_complete(&task->future, outcome, error);
    if (!__libc_single_threaded)
        close_letter_box(task, loop);
    if (home == loop) {
        task->family->ended(task->family, task);
    } else {
        task->mail.deliver = deliver_end;
        trine__loop_post(home, &task->mail);
    }
}

/* ---- run */

static size_t stack_size_of(const struct trine__loop *loop, const struct trine__task *task)
{
    return task->stack_class != 0 ? (size_t)1 << task->stack_class : loop->runtime->stack_size;
}

static void occupy(struct trine__task *task, struct trine__strand *strand)
{
    strand->stack->owner_name = task->name;
    strand->stack->owner_site = task->site;
    strand->parker = NULL;
    task->strand = strand;
}

/* Leaves an ended task's strand, warm, for the next task that has to start; goes on with `next`, or
 * with the loop. Returns when such a task is current. */
static void rest(struct trine__loop *loop, struct trine__strand *strand, struct trine__task *next)
{
    if (strand->size == loop->runtime->stack_size) {
        strand->next = loop->resting;
        loop->resting = strand;
        loop->resting_count++;
    } else {
        strand->next = loop->retired;
        loop->retired = strand;
    }
    struct trine__fiber *to = &loop->fiber;
    if (next != NULL && (next->strand != NULL || trine__strand_bind(loop, next) == 0))
        to = &next->strand->fiber;
    else if (next != NULL)
        trine__loop_refuse(loop, next);
    trine__fiber_switch(&strand->fiber, to);
}

/* Stands at the bottom of every stack. */
static void strand_main(void *arg)
{
    struct trine__loop *loop = arg;
    struct trine__strand *strand = loop->current->strand;
    for (;;) {
        struct trine__task *task = loop->current;
        int outcome = task->fn(task->arg);
        if (task->context.scope != &task->family->scope)
            abandon_scopes(task);
        end(loop, task, outcome);
        struct trine__task *next = trine__loop_take(loop);
        if (next != NULL && next->strand == NULL && strand->size == stack_size_of(loop, next))
            occupy(next, strand);
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
    *strand = (struct trine__strand){ .stack = stack, .size = size };
    trine__fiber_init(&strand->fiber, stack->low, strand, strand_main, loop);
    *ret = strand;
    return 0;
}

int trine__strand_bind(struct trine__loop *loop, struct trine__task *task)
{
    size_t size = stack_size_of(loop, task);
    struct trine__strand *strand = loop->resting;
    if (strand != NULL && strand->size == size) {
        loop->resting = strand->next;
        if (--loop->resting_count < loop->resting_least)
            loop->resting_least = loop->resting_count;
    } else {
        int error = new_strand(loop, size, &strand);
        if (error < 0)
            return error;
    }
    occupy(task, strand);
    return 0;
}

static struct trine__strand *give_back(struct trine__loop *loop, struct trine__strand *strand)
{
    struct trine__strand *next = strand->next;
    trine__fiber_done(&strand->fiber);
    trine__stack_give(loop->stacks, strand->stack);
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
    trine__error_unref(task->future.error);
    task->future.error = trine__error_newf(-ENOMEM, "no memory for the task's stack of %zu KiB",
                                           stack_size_of(loop, task) / 1024);
    end(loop, task, -ENOMEM);
}
