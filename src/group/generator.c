/* SPDX-License-Identifier: MIT */
/* A generator: a stack that runs as part of whoever takes its next step.
 *
 *     caller's strand --step--> generator's strand     a task's `strand` names the stack it runs on
 *                     <-yield--                        now, so a body that blocks parks the task
 *
 * In a task the word `task->strand` is turned to the generator's strand for the time of a step, and
 * the loop, which saves and restores tasks through that word, needs to know nothing. A plain thread
 * has such a word of its own. Steps nest: a body may step another generator.
 *
 * The stack is bound at the first step, from the loop's cache (or the thread's), and goes back when
 * the body has returned. A sanitizer is told about the switches by trine__fiber_switch(). */
#include "base/must.h"
#include "group/generator_home.h"
#include "sys/sys.h"
#include <errno.h>
#include <string.h>

/* ---- whose code runs here */

static struct trine__context *context_here(void)
{
    struct trine__context *context = trine__here();
    return context != NULL ? context : &trine__loop_here->root_context;
}

/* Where it stands written which stack the running code is on. */
static struct trine__strand **strand_here(void)
{
    struct trine__task *task = trine__task_here();
    return task != NULL ? &task->strand : trine__generator_thread_strand();
}

static inline __attribute__((always_inline)) bool
on_its_stack(const struct trine_generator *generator)
{
    const char *here = __builtin_frame_address(0);
    return generator->state == TRINE__GENERATOR_RUNNING &&
           here >= (char *)generator->strand.fiber.low &&
           here < (char *)generator->strand.fiber.high;
}

static const char *name_of(const struct trine_generator *generator)
{
    return trine__site_name(generator->owner.site);
}

/* ---- on the generator's stack */

static void close_scopes_left_open(struct trine_generator *generator)
{
    trine__report("generator '%s' (made at %s) returned with an open scope or group; it is "
                  "cancelled and joined now",
                  name_of(generator), generator->owner.site);
    struct trine__context *context = context_here();
    while (context->scope != generator->scope) {
        struct trine_scope *scope = context->scope;
        if (scope->family) {
            struct trine__family *family = TRINE__CONTAINER(scope, struct trine__family, scope);
            family->abandon(family);
        } else {
            trine_scope_close(scope);
        }
    }
}

/* As in task.c: the scopes lie in frames that nothing protects any more, so this steps over them
 * before anything else is called. */
static inline __attribute__((always_inline)) void abandon_scopes(struct trine_generator *generator)
{
    char *here = __builtin_frame_address(0);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wvla"
    char frames[(here - (char *)generator->strand.fiber.low) / 2];
#pragma GCC diagnostic pop
    __asm__ volatile("" : : "r"(frames) : "memory");
    close_scopes_left_open(generator);
}

/* A return after a switch is mispredicted, so what stands around a switch is one frame. */
static inline __attribute__((always_inline)) void
switch_to_caller(struct trine_generator *generator)
{
    struct trine__strand *caller = generator->caller;
    *generator->slot = caller;
    trine__fiber_switch(&generator->strand.fiber, &caller->fiber);
}

static void run_body(void *arg)
{
    struct trine_generator *generator = arg;
    int outcome = generator->fn(generator, generator->arg);
    struct trine__context *here = trine__here();
    if (here != NULL && here->scope != generator->scope)
        abandon_scopes(generator);
    generator->outcome = outcome;
    generator->state = TRINE__GENERATOR_FINISHED;
    switch_to_caller(generator);
    __builtin_unreachable();
}

static __attribute__((cold)) int refuse_yield(const struct trine_generator *self, const char *why)
{
    trine__report("generator '%s' (made at %s) yields %s: refused", name_of(self), self->owner.site,
                  why);
    return -EINVAL;
}

static inline __attribute__((always_inline)) int may_yield(const struct trine_generator *self)
{
    if (!on_its_stack(self))
        return -EINVAL;
    if (self->closing)
        return refuse_yield(self, "after it was closed");
    if (context_here()->scope != self->scope)
        return refuse_yield(self, "with a scope or group open");
    return 0;
}

int trine_yield_value(struct trine_generator *self, const void *value, void **ret_sent)
{
    int error = may_yield(self);
    if (__builtin_expect(error < 0, 0))
        return error;
    self->value = (void *)value;
    self->state = TRINE__GENERATOR_SUSPENDED;
    switch_to_caller(self);
    if (self->thrown < 0)
        return self->thrown;
    if (ret_sent != NULL)
        *ret_sent = self->sent;
    return 0;
}

/* ---- steps */

static __attribute__((noinline)) int finished(struct trine_generator *generator)
{
    trine__generator_unbind(generator);
    return generator->outcome < 0 ? generator->outcome : 0;
}

/* `slot`: of the running code, which is in `scope`. */
static inline __attribute__((always_inline)) int
resume_from(struct trine__strand **slot, struct trine_scope *scope,
            struct trine_generator *generator, int thrown, void *sent, void **ret_value)
{
    struct trine__strand *caller = *slot;
    generator->slot = slot;
    generator->caller = caller;
    generator->scope = scope;
    generator->thrown = thrown;
    generator->sent = sent;
    generator->state = TRINE__GENERATOR_RUNNING;
    *slot = &generator->strand;
    trine__fiber_switch(&caller->fiber, &generator->strand.fiber);
    if (generator->state == TRINE__GENERATOR_FINISHED)
        return finished(generator);
    if (ret_value != NULL)
        *ret_value = generator->value;
    return 1;
}

static __attribute__((noinline)) int resume(struct trine_generator *generator, int thrown,
                                            void *sent, void **ret_value)
{
    return resume_from(strand_here(), context_here()->scope, generator, thrown, sent, ret_value);
}

static __attribute__((noinline)) int begin(struct trine_generator *generator, int thrown,
                                           void *sent, void **ret_value)
{
    if (thrown < 0) {
        generator->state = TRINE__GENERATOR_FINISHED;
        return generator->outcome = thrown;
    }
    if (sent != NULL)
        return -EINVAL;
    int error = trine__generator_bind(generator, run_body);
    return error < 0 ? error : resume(generator, 0, NULL, ret_value);
}

static __attribute__((noinline)) int step_rare(struct trine_generator *generator, int thrown,
                                               void *sent, void **ret_value)
{
    switch (generator->state) {
    case TRINE__GENERATOR_UNSTARTED:
        return begin(generator, thrown, sent, ret_value);
    case TRINE__GENERATOR_RUNNING:
        return -EBUSY;
    case TRINE__GENERATOR_FINISHED:
        return thrown;
    default:
        if (!trine__generator_at_home(generator))
            return -EPERM;
        return resume(generator, thrown, sent, ret_value);
    }
}

/* Usually it is suspended, and the step is taken in a task of the loop that it began on. */
static inline __attribute__((always_inline)) int step(struct trine_generator *generator, int thrown,
                                                      void *sent, void **ret_value)
{
    struct trine__loop *loop = trine__loop_here;
    if (__builtin_expect(generator->state != TRINE__GENERATOR_SUSPENDED || loop == NULL ||
                             loop->current == NULL || loop != generator->loop,
                         0))
        return step_rare(generator, thrown, sent, ret_value);
    struct trine__task *task = loop->current;
    return resume_from(&task->strand, task->context.scope, generator, thrown, sent, ret_value);
}

int trine_generator_next(struct trine_generator *generator, void **ret_value)
{
    return step(generator, 0, NULL, ret_value);
}

int trine_generator_send(struct trine_generator *generator, void *sent, void **ret_value)
{
    return step(generator, 0, sent, ret_value);
}

int trine_generator_throw(struct trine_generator *generator, int error, void **ret_value)
{
    return error < 0 ? step(generator, error, NULL, ret_value) : -EINVAL;
}

int trine_generator_close(struct trine_generator *generator)
{
    if (generator->state == TRINE__GENERATOR_UNSTARTED)
        generator->state = TRINE__GENERATOR_FINISHED;
    if (generator->state == TRINE__GENERATOR_FINISHED)
        return generator->outcome;
    if (generator->state == TRINE__GENERATOR_RUNNING)
        return -EBUSY;
    if (!trine__generator_at_home(generator))
        return -EPERM;
    generator->closing = true;
    resume(generator, -ECANCELED, NULL, NULL);
    if (generator->outcome == -ECANCELED)
        generator->outcome = 0;
    return generator->outcome;
}

/* ---- delegation */

int trine_yield_from(struct trine_generator *self, struct trine_generator *inner)
{
    void *value, *sent = NULL;
    int error = may_yield(self);
    int got = error < 0 ? error : trine_generator_next(inner, &value);
    while (got == 1) {
        if ((error = may_yield(self)) < 0)
            return error;
        error = trine_yield_value(self, value, &sent);
        if (self->closing) {
            int closed = trine_generator_close(inner);
            return closed < 0 ? closed : error;
        }
        got = error < 0 ? trine_generator_throw(inner, error, &value)
                        : trine_generator_send(inner, sent, &value);
    }
    return got < 0 ? got : inner->outcome < 0 ? 0 : inner->outcome;
}

/* ---- made and freed */

struct trine_generator *trine_generator_new_at(trine_generator_fn fn, void *arg, const char *site)
{
    struct trine_generator *generator = trine__alloc_zero(1, sizeof *generator);
    if (generator == NULL)
        return NULL;
    generator->fn = fn;
    generator->arg = arg;
    generator->owner.site = site;
    return generator;
}

void trine_generator_free(struct trine_generator *generator)
{
    if (generator == NULL)
        return;
    trine_must(generator->state != TRINE__GENERATOR_RUNNING,
               "a generator may not be freed while its body runs");
    if (trine_generator_close(generator) == -EPERM &&
        generator->state == TRINE__GENERATOR_SUSPENDED) {
        trine__report("generator '%s' (made at %s) is freed where it did not begin; it stays",
                      name_of(generator), generator->owner.site);
        return;
    }
    trine__free(generator);
}

void trine__generator_abandon(struct trine_generator *generator)
{
    trine__report("generator '%s' (made at %s) was never freed; it is closed now",
                  name_of(generator), generator->owner.site);
    trine_generator_close(generator);
}
