/* SPDX-License-Identifier: MIT */
/* A select that waits: something of it lies with each of its cases, and whoever wants to make one
 * of them happen must win the choice first. The winner wakes the select, which waits for just that,
 * and takes everything back before it returns.
 *
 * The select itself may win, too: because a future was done or a descriptor ready before it could
 * be watched, because a timer is due, or to give up. Then nobody will wake it. */
#include "base/list.h"
#include "core/loop.h"
#include "sync/case.h"
#include "sync/select.h"
#include "sys/sys.h"

void trine__select_leave(struct trine__selection *selection)
{
    for (uint32_t number = 0; number < selection->count; number++) {
        struct trine__leg *leg = &selection->legs[number];
        struct trine_case *choice = &selection->cases[number];
        const struct trine__case_ops *ops = trine__select_ops(choice);
        leg->selection = selection;
        leg->armed = false;
        if (ops == NULL)
            continue;
        leg->wait.list = NULL;
        leg->wait.lock = ops->lock(choice);
        leg->wait.choice = &selection->choice;
        leg->wait.number = number;
        leg->wait.result = 0;
        ops->leave(choice, &leg->wait);
    }
}

/* Under the future's lock. */
static void wake_from_future(struct trine__waiter *waiter)
{
    struct trine__leg *leg = TRINE__CONTAINER(waiter, struct trine__leg, waiter);
    struct trine__choice *choice = &leg->selection->choice;
    if (trine__choice_win(choice, trine__leg_number(leg)))
        trine__choice_wake(choice);
}

static int watch_futures(struct trine__selection *selection)
{
    for (uint32_t number = 0; number < selection->count; number++) {
        struct trine__leg *leg = &selection->legs[number];
        struct trine_future *future = selection->cases[number].object;
        if (selection->cases[number].kind != TRINE__CASE_FUTURE)
            continue;
        trine__future_help(future);
        leg->waiter.wake = wake_from_future;
        if (!trine__future_watch(future, &leg->waiter))
            return (int)number;
        leg->armed = true;
    }
    return -EAGAIN;
}

/* The select's own decision: a case, or an error. False: another was faster, and will wake it. */
static bool decide(struct trine__selection *selection, int answer)
{
    return trine__choice_win(&selection->choice, answer >= 0 ? (uint32_t)answer : TRINE__GAVE_UP);
}

/* Asked by a cancel and by the timer's time alike. */
static enum trine__cancel give_up(void *arg)
{
    struct trine__selection *selection = arg;
    uint32_t earliest = selection->earliest;
    if (earliest != TRINE__UNDECIDED && trine__select_is_due(&selection->cases[earliest])) {
        if (decide(selection, (int)earliest))
            trine__unpark(&selection->parker);
        return TRINE__CANCEL_PENDING;
    }
    return decide(selection, -ECANCELED) ? TRINE__CANCELLED : TRINE__CANCEL_PENDING;
}

static int park(struct trine__selection *selection)
{
    uint32_t earliest = selection->earliest;
    int64_t limit = earliest != TRINE__UNDECIDED ? selection->cases[earliest].when : TRINE_FOREVER;
    int error = trine__park_until(&selection->parker, limit, give_up, selection, "a select");
    return error < 0 ? error : (int)atomic_load(&selection->choice.winner);
}

static void withdraw(struct trine__wait *wait)
{
    struct trine__wake_list wake = { 0 };
    trine__sync_lock(wait->lock);
    (void)trine__wait_withdraw(wait, &wake);
    trine__sync_unlock(wait->lock);
    trine__wake(&wake);
}

/* What was left is taken back, and the winner's result read. */
static void settle(struct trine__selection *selection, int winner)
{
    for (uint32_t number = 0; number < selection->count; number++) {
        struct trine_case *choice = &selection->cases[number];
        struct trine__leg *leg = &selection->legs[number];
        const struct trine__case_ops *ops = trine__select_ops(choice);
        if (ops != NULL) {
            withdraw(&leg->wait);
            if (ops->done != NULL)
                ops->done(choice);
        } else if (choice->kind == TRINE__CASE_FUTURE && leg->armed) {
            (void)trine__future_unwatch(choice->object, &leg->waiter);
        }
    }
    if (selection->poll_count > 0)
        trine__select_collect(selection);
    if (winner < 0)
        return;
    struct trine_case *choice = &selection->cases[winner];
    const struct trine__leg *leg = &selection->legs[winner];
    choice->result = trine__select_ops(choice) != NULL ? leg->wait.result
                     : choice->kind == TRINE__CASE_FD  ? leg->result
                                                       : 0;
}

int trine__select_wait(struct trine__selection *selection)
{
    int answer = watch_futures(selection);
    if (answer == -EAGAIN && selection->poll_count > 0)
        answer = selection->parker.context->loop != NULL ? trine__select_submit(selection)
                                                         : trine__select_sleep(selection);
    if (answer == -EAGAIN || !decide(selection, answer))
        answer = park(selection);
    settle(selection, answer);
    return answer;
}
