/* SPDX-License-Identifier: MIT */
#include "core/fresh.h"
#include "base/list.h"
#include "core/quick.h"
#include "thread/pause.h"

/* Tasks that a loop takes for itself in one turn, at most. */
#define OWN_PER_TURN 16

static void lock(struct trine__loop *loop)
{
    while (atomic_exchange_explicit(&loop->fresh_lock, 1, memory_order_acquire) != 0)
        trine__pause();
}

static void unlock(struct trine__loop *loop)
{
    atomic_store_explicit(&loop->fresh_lock, 0, memory_order_release);
}

void trine__fresh_hold(struct trine__loop *loop)
{
    if (!loop->alone)
        lock(loop);
}

void trine__fresh_release(struct trine__loop *loop)
{
    if (!loop->alone)
        unlock(loop);
}

static void wake_an_idle_loop(struct trine__runtime *runtime)
{
    for (unsigned i = 0; i < runtime->loop_count; i++) {
        struct trine__loop *loop = runtime->loops[i];
        if (atomic_load(&loop->sleeping) && atomic_exchange(&loop->sleeping, false)) {
            trine__poller_wake(loop->poller);
            return;
        }
    }
}

void trine__fresh_start(struct trine__loop *loop, struct trine__task *task)
{
    lock(loop);
    trine__queue_push(&loop->fresh, task);
    atomic_fetch_add(&loop->fresh_count, 1);
    unlock(loop);
    if (atomic_load(&loop->runtime->idle) > 0)
        wake_an_idle_loop(loop->runtime);
}

static void bring_number_up_to_date(struct trine__task *task)
{
    __atomic_store_n(&task->context.cancelled, trine__scope_code(&task->context), __ATOMIC_RELAXED);
}

static void deliver_start(struct trine__mail *mail)
{
    struct trine__task *task = TRINE__CONTAINER(mail, struct trine__task, mail);
    /* From here on a cancel comes by mail. */
    atomic_store(&task->context.mail_state, TRINE__MAIL_IDLE);
    bring_number_up_to_date(task);
    trine__queue_push(&task->context.loop->ready, task);
}

void trine__fresh_start_there(struct trine__task *task)
{
    task->mail.deliver = deliver_start;
    atomic_store(&task->context.mail_state, TRINE__MAIL_START);
    trine__loop_post(task->context.loop, &task->mail);
}

/* Moves at most `max` of `from` into the ready queue of `loop`, which they then belong to. */
static void move(struct trine__loop *loop, struct trine__loop *from, unsigned max)
{
    if (atomic_load(&from->fresh_count) == 0)
        return;
    lock(from);
    for (; max > 0; max--) {
        struct trine__task *task = trine__queue_pop(&from->fresh);
        if (task == NULL)
            break;
        atomic_fetch_sub(&from->fresh_count, 1);
        if (loop != from) {
            __atomic_store_n(&task->context.loop, loop, __ATOMIC_SEQ_CST);
            bring_number_up_to_date(task);
        }
        trine__queue_push(&loop->ready, task);
    }
    unlock(from);
}

/* How many of its own a loop takes in one turn: the other loops find the rest. */
static unsigned own_share(const struct trine__loop *loop)
{
    unsigned loops = loop->runtime->loop_count;
    unsigned share = (atomic_load(&loop->fresh_count) + loops - 1) / loops;
    return share < OWN_PER_TURN ? share : OWN_PER_TURN;
}

void trine__fresh_take(struct trine__loop *loop)
{
    struct trine__runtime *runtime = loop->runtime;
    move(loop, loop, own_share(loop));
    for (unsigned i = 1; i < runtime->loop_count && loop->ready.first == NULL; i++)
        move(loop, runtime->loops[(loop->number + i) % runtime->loop_count], 1);
}

bool trine__fresh_anywhere(const struct trine__loop *loop)
{
    for (unsigned i = 0; !loop->alone && i < loop->runtime->loop_count; i++) {
        if (atomic_load(&loop->runtime->loops[i]->fresh_count) > 0)
            return true;
    }
    return false;
}
