/* SPDX-License-Identifier: MIT */
/* Following needs, across loops and threads, while the world goes on.
 *
 * Why nothing vanishes under a walk. Walks hold `walking`, one at a time. A need is closed in this
 * order: out of the family's list, out of its context, fence, and if `walking` is held, wait until
 * it is not. A walk: `walking`, fence, look. So of the two one sees the other: whatever need a walk
 * has met stays in its frame until the walk is over, and so stays the call around it, and with the
 * call what the caller vouches for: the mutex it locks, the future it awaits, the group it joins.
 * From there to the next context: a mutex' owner cannot end while the mutex' own lock is held, an
 * awaited task's record lives as long as its future, a child is met by its need only.
 *
 * Why a circle found is a circle. The owner of a mutex, met at its own need, cannot unlock before
 * the walk ends; a task or child met so cannot end. So no step of the walk becomes untrue behind
 * it, but by a cancel or a deadline: those do not count, a circle is broken when it closes.
 *
 * Why none is missed. A need is published, fence, and then looked at: of several that close a
 * circle together, the last to pass its fence finds all others. Exactly one is refused, for the
 * next walk comes after that.
 *
 * Why a join may keep its need back (`quiet`). Where the run has one loop, a family's tasks are all
 * on its thread. While none of an owner's children has a need, the owner's leads nowhere: no circle
 * goes through it. Before a child publishes its need, it publishes that of its owner, and with it
 * that of the owner's owner, as far as they keep theirs back; so to every walk that meets the
 * child, and to every look upwards from it, all is as if they had been published from the start.
 *
 * What it costs. Nothing where nobody waits. A wait that is a need enters two lists. Then two looks
 * without `walking`: does anything depend on me (do I hold a lock, am I awaited, does my parent
 * join me, and does anything depend on it)? and does what I wait for wait itself? Only if both are
 * true the walk begins. */
#include "core/circle.h"
#include "base/error.h"
#include "core/loop.h"
#include "sys/sys.h"
#include "thread/pause.h"
#include <stdio.h>
#include <string.h>
#include <sys/single_threaded.h>

#define SPINS_BEFORE_YIELD 64

static uint32_t walking;

struct trine__walk {
    struct trine__need *start, *current;
    struct trine__need *closing; /* leads back to start; NULL: none met yet */
    struct trine__need *later;
    uint64_t number; /* 0: only asks whether there is anything to walk to */
    bool met;
};

/* ---- short locks */

__attribute__((noinline)) static void hold_later(uint32_t *word)
{
    for (unsigned spins = 1; __atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE) != 0; spins++) {
        if (spins % SPINS_BEFORE_YIELD == 0)
            trine__sys_thread_yield();
        else
            trine__pause();
    }
}

static void hold(uint32_t *word)
{
    if (!__libc_single_threaded && __atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE) != 0)
        hold_later(word);
}

static void release(uint32_t *word)
{
    if (!__libc_single_threaded)
        __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

static void fence(void)
{
    if (!__libc_single_threaded)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void trine__circle_forked(void)
{
    walking = 0;
}

/* ---- published */

static struct trine__family *family_of(struct trine__context *context)
{
    return context->loop != NULL ? trine__task_of(context)->family : NULL;
}

static struct trine__need *need_of(const struct trine__context *context)
{
    return __atomic_load_n(&context->need, __ATOMIC_ACQUIRE);
}

static void publish(struct trine__need *need)
{
    need->outer = need->context->need;
    need->walk = 0;
    struct trine__family *family = family_of(need->context);
    if (family != NULL) {
        hold(&family->needs_lock);
        need->next = family->needs;
        need->link = &family->needs;
        if (need->next != NULL)
            need->next->link = &need->next;
        family->needs = need;
        release(&family->needs_lock);
    }
    __atomic_store_n(&need->context->need, need, __ATOMIC_RELEASE);
    fence();
}

/* Those of whoever joins `context`, and of whoever joins them. */
static void publish_quiet(struct trine__context *context)
{
    struct trine__family *family = family_of(context);
    while (family != NULL && family->quiet != NULL) {
        struct trine__need *need = family->quiet;
        family->quiet = NULL;
        publish(need);
        family = family_of(need->context);
    }
}

void trine__need_close(struct trine__need *need)
{
    struct trine__family *family = family_of(need->context);
    if (family != NULL) {
        hold(&family->needs_lock);
        *need->link = need->next;
        if (need->next != NULL)
            need->next->link = need->link;
        release(&family->needs_lock);
    }
    __atomic_store_n(&need->context->need, need->outer, __ATOMIC_RELEASE);
    fence();
    if (__atomic_load_n(&walking, __ATOMIC_ACQUIRE) != 0) {
        hold(&walking);
        release(&walking);
    }
}

/* ---- the walk */

static void meet(struct trine__walk *walk, struct trine__need *need)
{
    walk->met = true;
    if (walk->number == 0)
        return;
    if (need == walk->start && walk->closing == NULL) {
        walk->closing = walk->current;
    } else if (need->walk != walk->number) {
        need->walk = walk->number;
        need->via = walk->current;
        need->later = walk->later;
        walk->later = need;
    }
}

void trine__walk_on(struct trine__walk *walk, struct trine__context *context)
{
    struct trine__need *need = need_of(context);
    if (need != NULL)
        meet(walk, need);
}

void trine__walk_family(struct trine__walk *walk, struct trine__family *family)
{
    hold(&family->needs_lock);
    for (struct trine__need *need = family->needs; need != NULL; need = need->next)
        meet(walk, need);
    release(&family->needs_lock);
}

/* Whether anybody may depend on `context`. A parent outlives its children. */
static bool wanted(const struct trine__context *context)
{
    for (;;) {
        if (__atomic_load_n(&context->held, __ATOMIC_RELAXED) != NULL)
            return true;
        if (context->loop == NULL)
            return false;
        const struct trine__task *task = trine__task_of((struct trine__context *)context);
        if ((atomic_load_explicit(&task->future.word, memory_order_relaxed) &
             ~(uintptr_t)TRINE__FUTURE_BITS) != 0)
            return true;
        context = task->family->scope.context;
        if (need_of(context) == NULL)
            return false;
    }
}

__attribute__((noinline)) static bool leads_anywhere(struct trine__need *need)
{
    struct trine__walk walk = { .start = need, .current = need };
    need->kind->follow(need, &walk);
    return walk.met;
}

static void go(struct trine__walk *walk)
{
    static uint64_t count;
    walk->number = ++count;
    walk->start->walk = walk->number;
    walk->later = walk->start;
    walk->start->later = NULL;
    while (walk->later != NULL && walk->closing == NULL) {
        walk->current = walk->later;
        walk->later = walk->current->later;
        walk->current->kind->follow(walk->current, walk);
    }
}

/* One of the circle: the one that closed it if that can be, else the next that depends on it.
 * NULL: none; *ret is then why. */
static struct trine__need *refuse_some(const struct trine__walk *walk, bool at_last,
                                       enum trine__refusal *ret)
{
    struct trine__need *need = walk->start;
    do {
        *ret = need->kind->refuse(need, at_last);
        if (*ret == TRINE__REFUSED)
            return need;
        need = need == walk->start ? walk->closing : need->via;
    } while (*ret == TRINE__REFUSED_NOT && need != walk->start);
    return NULL;
}

static struct trine__need *refuse_one(const struct trine__walk *walk)
{
    enum trine__refusal refusal;
    struct trine__need *refused = refuse_some(walk, false, &refusal);
    return refusal == TRINE__REFUSED_NOT ? refuse_some(walk, true, &refusal) : refused;
}

/* ---- the report: written during the walk, given out after it */

#define LINE_SIZE 640
#define LINES_MAX 32

struct account {
    char (*lines)[LINE_SIZE]; /* NULL: no memory for them */
    size_t count, members;
    char refused[LINE_SIZE / 3];
};

void trine__context_describe(const struct trine__context *context, char *text, size_t size)
{
    if (context->loop == NULL) {
        const struct trine__thread_context *thread = (const void *)context;
        snprintf(text, size, "thread %d", thread->id);
        return;
    }
    const struct trine__task *task = trine__task_of((struct trine__context *)context);
    snprintf(text, size, "task '%s' (spawned at %s)", trine__task_name_of(task), task->owner.site);
}

/* "  WHO waits for SOMETHING by WHOM" */
static void write_line(char *line, struct trine__need *need, const struct trine__need *next)
{
    size_t length = (size_t)snprintf(line, LINE_SIZE, "  ");
    trine__context_describe(need->context, line + length, LINE_SIZE - length);
    length = strlen(line);
    length += length < LINE_SIZE - 1;
    line[length - 1] = ' ';
    need->kind->describe(need, line + length, LINE_SIZE - length);
    length = strlen(line);
    length += length < LINE_SIZE - 1;
    line[length - 1] = ' ';
    trine__context_describe(next->context, line + length, LINE_SIZE - length);
}

/* Each member and whom it waits for, beginning with the one that closed the circle: `via` leads
 * backwards. */
static void write_account(struct account *account, const struct trine__walk *walk)
{
    for (struct trine__need *need = walk->closing; need != walk->start; need = need->via)
        account->members++;
    account->members++;
    account->count = account->members < LINES_MAX ? account->members : LINES_MAX;
    account->lines = trine__alloc(account->count * LINE_SIZE);
    if (account->lines == NULL)
        return;
    const struct trine__need *next = walk->start;
    struct trine__need *need = walk->closing;
    for (size_t i = account->members; i-- > 0; next = need, need = need->via) {
        if (i < account->count)
            write_line(account->lines[i], need, next);
    }
}

static void give_account(struct account *account)
{
    trine__report(
        "deadlock: %zu wait for each other in a circle; %s%s", account->members, account->refused,
        account->refused[0] != '\0' ? " is refused with -EDEADLK" : "a cancel has broken it");
    for (size_t i = 0; account->lines != NULL && i < account->count; i++)
        trine__report("%s", account->lines[i]);
    trine__free(account->lines);
}

/* If there is a circle, breaks it and reports it. */
__attribute__((noinline)) static void walk_from(struct trine__need *start)
{
    struct trine__walk walk = { .start = start };
    struct account account = { 0 };
    hold(&walking);
    fence();
    go(&walk);
    if (walk.closing != NULL) {
        write_account(&account, &walk);
        const struct trine__need *refused = refuse_one(&walk);
        if (refused != NULL)
            trine__context_describe(refused->context, account.refused, sizeof account.refused);
    }
    release(&walking);
    if (walk.closing != NULL)
        give_account(&account);
}

void trine__need_open(struct trine__need *need, const struct trine__need_kind *kind,
                      struct trine__context *context)
{
    need->kind = kind;
    need->context = context;
    if (context->loop == NULL)
        trine__thread_identify();
    publish_quiet(context);
    publish(need);
    if (wanted(context) && leads_anywhere(need))
        walk_from(need);
}

/* ---- the end of an owner */

void trine__held_abandon(struct trine__context *context)
{
    char who[LINE_SIZE / 3];
    if (context->held == NULL)
        return;
    if (context->loop == NULL)
        trine__thread_identify();
    trine__context_describe(context, who, sizeof who);
    while (context->held != NULL) {
        struct trine__held *held = context->held;
        trine__held_remove(held);
        trine__report("%s ended while it held a lock, locked at %s", who, held->site);
        held->abandoned(held);
    }
}
