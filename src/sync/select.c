/* SPDX-License-Identifier: MIT */
/* Select, as Go's runtime does it: with the locks of all primitives held, each case is tried in
 * random order; if none can happen, a wait is left with every one before the locks are freed. So
 * nothing can happen unseen in between, and the order of the locks keeps two selects out of each
 * other's way. How it then waits: select_wait.c.
 *
 * A timer is due only if nothing came in time: completion is looked at before expiry. Where the
 * order counts (TRINE_BIASED) it counts for timers, too. */
#include "sync/select.h"
#include "core/loop.h"
#include "sync/case.h"
#include "sys/sys.h"
#include <limits.h>

#define FEW  8 /* cases that need no memory */
#define SOME 4 /* draws from more than those before all are looked at */

static const struct trine__case_ops *const primitives[] = {
    [TRINE__CASE_GET] = &trine__case_get,         [TRINE__CASE_PUT] = &trine__case_put,
    [TRINE__CASE_RECEIVE] = &trine__case_receive, [TRINE__CASE_SEND] = &trine__case_send,
    [TRINE__CASE_EVENT] = &trine__case_event,     [TRINE__CASE_FD] = NULL,
};

const struct trine__case_ops *trine__select_ops(const struct trine_case *choice)
{
    return primitives[choice->kind];
}

/* ---- who takes part */

static int check_future(struct trine_future *future)
{
    const struct trine__task *self = trine__task_here();
    if (future == NULL)
        return -ENOMEM;
    return self != NULL && future == &self->future ? -EDEADLK : 0;
}

static int add_descriptor(struct trine__selection *selection, uint32_t number)
{
    const struct trine_case *choice = &selection->cases[number];
    if (choice->events == 0 || (choice->events & ~(TRINE_READABLE | TRINE_WRITABLE)) != 0)
        return -EINVAL;
    selection->polled[selection->poll_count] = number;
    selection->polls[selection->poll_count++] =
        (struct pollfd){ .fd = choice->fd, .events = (short)choice->events };
    return 0;
}

static void add_timer(struct trine__selection *selection, uint32_t number)
{
    uint32_t earliest = selection->earliest;
    if (earliest == TRINE__UNDECIDED ||
        selection->cases[number].when < selection->cases[earliest].when)
        selection->earliest = number;
}

static int add_case(struct trine__selection *selection, uint32_t number)
{
    const struct trine_case *choice = &selection->cases[number];
    int error = 0;
    switch (choice->kind) {
    case TRINE__CASE_NONE:
        return 0;
    case TRINE__CASE_TIMER:
        add_timer(selection, number);
        if (!selection->biased)
            return 0;
        break;
    case TRINE__CASE_FD:
        error = add_descriptor(selection, number);
        break;
    case TRINE__CASE_FUTURE:
        error = check_future(choice->object);
        selection->sources++;
        break;
    case TRINE__CASE_GET:
    case TRINE__CASE_PUT:
    case TRINE__CASE_RECEIVE:
    case TRINE__CASE_SEND:
    case TRINE__CASE_EVENT:
        selection->locks[selection->lock_count++] = trine__select_ops(choice)->lock(choice);
        selection->sources++;
        break;
    default:
        return -EINVAL;
    }
    selection->order[selection->order_count++] = number;
    return error;
}

static int add_cases(struct trine__selection *selection)
{
    for (uint32_t number = 0; number < selection->count; number++) {
        int error = add_case(selection, number);
        if (error < 0)
            return error;
    }
    bool any = selection->order_count > 0 || selection->earliest != TRINE__UNDECIDED;
    return any ? 0 : -EINVAL;
}

/* ---- all locks */

/* Shell's sort: short, and fast enough for the few hundred that a select may have. */
static void sort_locks(struct trine__sync_lock **locks, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (size_t i = gap; i < count; i++) {
            struct trine__sync_lock *lock = locks[i];
            size_t k = i;
            for (; k >= gap && (uintptr_t)locks[k - gap] > (uintptr_t)lock; k -= gap)
                locks[k] = locks[k - gap];
            locks[k] = lock;
        }
    }
}

static void order_locks(struct trine__selection *selection)
{
    size_t distinct = 0;
    sort_locks(selection->locks, selection->lock_count);
    for (size_t i = 0; i < selection->lock_count; i++) {
        if (distinct == 0 || selection->locks[distinct - 1] != selection->locks[i])
            selection->locks[distinct++] = selection->locks[i];
    }
    selection->lock_count = distinct;
}

static void lock_all(struct trine__selection *selection)
{
    for (size_t i = 0; i < selection->lock_count; i++)
        trine__sync_lock(selection->locks[i]);
}

static void unlock_all(struct trine__selection *selection)
{
    for (size_t i = selection->lock_count; i-- > 0;)
        trine__sync_unlock(selection->locks[i]);
}

/* ---- trying */

size_t trine__select_chance(size_t count)
{
    return (size_t)((unsigned __int128)trine__random_u64() * count >> 64);
}

bool trine__select_is_due(const struct trine_case *choice)
{
    return choice->when <= trine__clock_monotonic();
}

/* -EAGAIN: it would have to wait; else it has happened, with this result. */
static int try_case(struct trine__selection *selection, uint32_t number,
                    struct trine__wake_list *wake)
{
    struct trine_case *choice = &selection->cases[number];
    switch (choice->kind) {
    case TRINE__CASE_TIMER:
        return trine__select_is_due(choice) ? 0 : -EAGAIN;
    case TRINE__CASE_FD:
        return selection->legs[number].result;
    case TRINE__CASE_FUTURE:
        return trine__future_is_done(choice->object) ? 0 : -EAGAIN;
    default:
        return trine__select_ops(choice)->commit(choice, wake);
    }
}

/* The next to be tried, after so many. */
static uint32_t draw(struct trine__selection *selection, size_t tried)
{
    uint32_t *order = selection->order + tried;
    size_t place = selection->biased ? 0 : trine__select_chance(selection->order_count - tried);
    uint32_t number = order[place];
    order[place] = order[0];
    order[0] = number;
    return number;
}

/* The number of the case that has happened, or -EAGAIN. */
static int try_all(struct trine__selection *selection, struct trine__wake_list *wake)
{
    for (size_t tried = 0; tried < selection->order_count; tried++) {
        uint32_t number = draw(selection, tried);
        int result = try_case(selection, number, wake);
        if (result != -EAGAIN) {
            selection->cases[number].result = result;
            return (int)number;
        }
    }
    if (selection->earliest == TRINE__UNDECIDED ||
        !trine__select_is_due(&selection->cases[selection->earliest]))
        return -EAGAIN;
    selection->cases[selection->earliest].result = 0;
    return (int)selection->earliest;
}

/* ---- the whole */

static int choose(struct trine__selection *selection, bool may_wait)
{
    struct trine__wake_list wake = { 0 };
    bool waits = false;
    lock_all(selection);
    int answer = try_all(selection, &wake);
    if (answer == -EAGAIN && may_wait) {
        int error = trine__parker_init(&selection->parker);
        waits = error == 0;
        if (waits)
            trine__select_leave(selection);
        else
            answer = error;
    }
    unlock_all(selection);
    trine__wake(&wake);
    return waits ? trine__select_wait(selection) : answer;
}

static int prepare(struct trine__selection *selection, bool may_wait)
{
    int error = add_cases(selection);
    if (error == 0 && selection->poll_count > 0)
        error = trine__select_look(selection);
    if (error == 0 && selection->poll_count > 0 && may_wait && trine__loop_here == NULL)
        error = trine__select_open_bell(selection);
    if (error == 0 && selection->lock_count > 1 && !__libc_single_threaded)
        order_locks(selection);
    return error;
}

static int run(struct trine__selection *selection, bool may_wait)
{
    int error = prepare(selection, may_wait);
    int answer = error < 0 ? error : choose(selection, may_wait);
    if (selection->choice.bell >= 0)
        (void)trine__sys_close(selection->choice.bell);
    return answer;
}

static int run_few(struct trine__selection *selection, bool may_wait)
{
    struct trine__leg legs[FEW];
    struct trine__sync_lock *locks[FEW];
    struct pollfd polls[FEW + 1];
    uint32_t order[FEW], polled[FEW];
    selection->legs = legs;
    selection->locks = locks;
    selection->polls = polls;
    selection->order = order;
    selection->polled = polled;
    int answer = run(selection, may_wait);
    selection->legs = NULL; /* none of these outlives this frame */
    selection->locks = NULL;
    selection->polls = NULL;
    selection->order = selection->polled = NULL;
    return answer;
}

/* A few at random, each under its own lock alone: where many can happen, one of them is found
 * without looking at all. Whoever is drawn here would have been drawn as likely below. Descriptors
 * have to be polled first, and mistakes to be told: then no case is drawn. */
static int try_some(struct trine__selection *selection, struct trine__wake_list *wake)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct trine_case *choice = &selection->cases[i];
        if ((unsigned)choice->kind >= TRINE__CASE_FD ||
            (choice->kind == TRINE__CASE_FUTURE && check_future(choice->object) < 0))
            return -EAGAIN;
    }
    for (int draws = 0; draws < SOME; draws++) {
        size_t number = trine__select_chance(selection->count);
        struct trine_case *choice = &selection->cases[number];
        const struct trine__case_ops *ops = trine__select_ops(choice);
        if (choice->kind == TRINE__CASE_NONE || choice->kind == TRINE__CASE_TIMER)
            continue;
        if (ops != NULL)
            trine__sync_lock(ops->lock(choice));
        int result = try_case(selection, (uint32_t)number, wake);
        if (ops != NULL)
            trine__sync_unlock(ops->lock(choice));
        if (result != -EAGAIN) {
            choice->result = result;
            return (int)number;
        }
    }
    return -EAGAIN;
}

/* One piece of memory, what needs the most alignment first. */
static int run_many(struct trine__selection *selection, bool may_wait)
{
    size_t each = sizeof(struct trine__leg) + sizeof(struct trine__sync_lock *) +
                  sizeof(struct pollfd) + 2 * sizeof(uint32_t);
    size_t count = selection->count;
    struct trine__wake_list wake = { 0 };
    int answer = !selection->biased && count < INT_MAX ? try_some(selection, &wake) : -EAGAIN;
    trine__wake(&wake);
    if (answer != -EAGAIN)
        return answer;
    char *memory = count < INT_MAX ? trine__alloc_aligned(_Alignof(struct trine__leg),
                                                          count * each + sizeof(struct pollfd))
                                   : NULL;
    if (memory == NULL)
        return -ENOMEM;
    selection->legs = (struct trine__leg *)(void *)memory;
    selection->locks = (struct trine__sync_lock **)(void *)(selection->legs + count);
    selection->polls = (struct pollfd *)(void *)(selection->locks + count);
    selection->order = (uint32_t *)(void *)(selection->polls + count + 1);
    selection->polled = selection->order + count;
    answer = run(selection, may_wait);
    trine__free(memory);
    return answer;
}

int trine_select(struct trine_case *cases, size_t count, unsigned flags)
{
    bool may_wait = !(flags & TRINE_TRY);
    int error = may_wait ? trine__checkpoint() : 0;
    if (error < 0)
        return error;
    struct trine__selection selection;
    selection.cases = cases;
    selection.count = count;
    selection.biased = (flags & TRINE_BIASED) != 0;
    selection.order_count = selection.lock_count = selection.poll_count = 0;
    selection.sources = selection.pending = 0;
    selection.earliest = TRINE__UNDECIDED;
    selection.collector = NULL;
    selection.choice.parker = &selection.parker;
    selection.choice.bell = -1;
    atomic_init(&selection.choice.winner, TRINE__UNDECIDED);
    return count <= FEW ? run_few(&selection, may_wait) : run_many(&selection, may_wait);
}
