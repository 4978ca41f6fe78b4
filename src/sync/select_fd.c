/* SPDX-License-Identifier: MIT */
/* The descriptors among a select's cases: polled at first; then, in a task, an operation of the
 * loop for each; in a plain thread poll(2) over all of them and a bell, which who wins the choice
 * rings before waking the thread. */
#include "core/loop.h"
#include "sync/select.h"
#include "sys/sys.h"

/* How long a plain thread sleeps before it looks whether its scope was cancelled by another one. */
#define CANCEL_LOOK TRINE_MILLISECONDS(20)

/* Trouble is told as all that was asked for, for a call to find it. */
static int result_of(const struct trine_case *choice, int64_t ready)
{
    if (ready < 0)
        return (int)ready;
    if (ready & POLLNVAL)
        return -EBADF;
    return ready & (POLLERR | POLLHUP) ? choice->events : (int)ready & choice->events;
}

int trine__select_look(struct trine__selection *selection)
{
    int ready;
    do {
        ready = trine__sys_poll(selection->polls, selection->poll_count, 0);
    } while (ready == -EINTR);
    for (size_t i = 0; i < selection->poll_count; i++) {
        uint32_t number = selection->polled[i];
        const struct pollfd *poll = &selection->polls[i];
        short events = poll->fd < 0 ? POLLNVAL : poll->revents; /* poll passes over those */
        selection->legs[number].result =
            events != 0 ? result_of(&selection->cases[number], events) : -EAGAIN;
    }
    return ready < 0 ? ready : 0;
}

/* ---- in a task */

static void take_back(struct trine__leg *leg)
{
    leg->armed = false;
    leg->selection->pending--;
}

static void op_done(struct trine__op *op)
{
    struct trine__leg *leg = op->user;
    struct trine__selection *selection = leg->selection;
    uint32_t number = trine__leg_number(leg);
    take_back(leg);
    leg->result = result_of(&selection->cases[number], op->result);
    if (trine__choice_win(&selection->choice, number))
        trine__choice_wake(&selection->choice);
    else if (selection->pending == 0 && selection->collector != NULL)
        trine__unpark(selection->collector);
}

int trine__select_submit(struct trine__selection *selection)
{
    for (size_t i = 0; i < selection->poll_count; i++) {
        uint32_t number = selection->polled[i];
        const struct trine_case *choice = &selection->cases[number];
        struct trine__leg *leg = &selection->legs[number];
        trine__op_init(&leg->op, TRINE__OP_POLL, choice->fd);
        leg->op.flags = choice->events;
        leg->op.done = op_done;
        leg->op.user = leg;
        int answer = trine__poller_submit(selection->parker.context->loop->poller, &leg->op);
        if (answer < 0)
            return answer;
        if (answer > 0) {
            leg->result = result_of(choice, leg->op.result);
            return (int)number;
        }
        leg->armed = true;
        selection->pending++;
    }
    return -EAGAIN;
}

void trine__select_collect(struct trine__selection *selection)
{
    struct trine__parker parker;
    for (size_t i = 0; i < selection->poll_count && selection->pending > 0; i++) {
        struct trine__leg *leg = &selection->legs[selection->polled[i]];
        if (leg->armed && trine__poller_cancel(selection->parker.context->loop->poller, &leg->op) ==
                              TRINE__CANCELLED)
            take_back(leg);
    }
    if (selection->pending == 0 || trine__parker_init(&parker) < 0)
        return;
    selection->collector = &parker;
    (void)trine__park(&parker, NULL, NULL, "descriptors of a select to come back");
}

/* ---- in a plain thread */

int trine__select_open_bell(struct trine__selection *selection)
{
    int bell = selection->sources > 0 ? trine__sys_eventfd(0) : -1;
    if (selection->sources > 0 && bell < 0)
        return bell;
    selection->choice.bell = bell;
    selection->polls[selection->poll_count] = (struct pollfd){ .fd = bell, .events = POLLIN };
    return 0;
}

/* One of the ready ones: the first, or any. */
static int pick(const struct trine__selection *selection)
{
    int found = -EAGAIN;
    for (size_t i = 0, ready = 0; i < selection->poll_count; i++) {
        uint32_t number = selection->polled[i];
        struct trine__leg *leg = &selection->legs[number];
        if (selection->polls[i].revents == 0)
            continue;
        leg->result = result_of(&selection->cases[number], selection->polls[i].revents);
        if (++ready == 1 || (!selection->biased && trine__select_chance(ready) == 0))
            found = (int)number;
    }
    return found;
}

/* The error of the scopes around, or the timer that is due, or -EAGAIN. */
static int look_at_time(struct trine__selection *selection, struct trine__context *context,
                        int64_t limit)
{
    int64_t now = trine__clock_monotonic();
    if (limit <= now)
        return (int)selection->earliest;
    if (trine__scope_deadline(context) <= now)
        trine__scope_expire_thread(context, now, true);
    int code = trine__scope_deliver(context);
    return code != 0 ? code : -EAGAIN;
}

int trine__select_sleep(struct trine__selection *selection)
{
    struct trine__context *context = selection->parker.context;
    uint32_t earliest = selection->earliest;
    int64_t limit = earliest != TRINE__UNDECIDED ? selection->cases[earliest].when : TRINE_FOREVER;
    for (;;) {
        int64_t until = trine__scope_deadline(context), now = trine__clock_monotonic();
        if (limit < until)
            until = limit;
        if (context->scope != NULL && until - CANCEL_LOOK > now)
            until = now + CANCEL_LOOK;
        int ready = trine__sys_poll(selection->polls, selection->poll_count + 1, until);
        if (atomic_load(&selection->choice.winner) != TRINE__UNDECIDED)
            return -EAGAIN;
        if (ready < 0 && ready != -EINTR)
            return ready;
        int answer = ready > 0 ? pick(selection) : -EAGAIN;
        if (answer == -EAGAIN)
            answer = look_at_time(selection, context, limit);
        if (answer != -EAGAIN)
            return answer;
    }
}
