/* SPDX-License-Identifier: MIT */
/* Groups: a family that counts its living, keeps the first error, and joins.
 *
 * Everything here runs on the group's own loop; a spawn from elsewhere arrives as mail, in order,
 * and a child that ran on another loop reports its end by mail. */
#include "base/error.h"
#include "base/list.h"
#include "base/must.h"
#include "core/circle.h"
#include "core/quick.h"
#include "core/thread_context.h"
#include "group/spawn.h"
#include <assert.h>
#include <stdio.h>
#include <trine/group.h>

static struct trine_group *group_of(struct trine__family *family)
{
    return TRINE__CONTAINER(family, struct trine_group, family);
}

static struct trine__loop *home_of(const struct trine_group *group)
{
    return group->family.scope.context->loop;
}

static void cancel_group(struct trine_group *group, const char *reason)
{
    trine__scope_cancel_local(&group->family.scope, -ECANCELED, reason);
}

/* ---- errors */

/* The first failure is the group's error; later ones become its children. Takes `error`. */
static void keep_failure(struct trine_group *group, int code, struct trine_error *error)
{
    if (group->error == 0) {
        group->error = code;
        group->failure = error;
        return;
    }
    struct trine_error *own = trine__error_own(group->failure); /* the child's future has it, too */
    if (own != NULL) {
        group->failure = own;
        trine__error_adopt(own, error);
    } else {
        trine__error_unref(error);
    }
}

static struct trine_error *failure_of(struct trine__task *task, int code)
{
    if (task->future.error != NULL && trine_error_children(task->future.error) == 0)
        return trine__error_ref(task->future.error);
    struct trine_error *error =
        trine__error_because(trine__error_ref(task->future.error), code, "%s: %s",
                             trine__task_name_of(task), trine_strerror(code));
    trine__error_set_origin(error, task->owner.site);
    return error;
}

/* A child that ended as a cancel made it end has not failed. */
static bool ended_by_cancel(const struct trine__task *task, int outcome)
{
    return (outcome == -ECANCELED || outcome == -ETIMEDOUT) &&
           __atomic_load_n(&task->context.cancelled, __ATOMIC_RELAXED) != 0;
}

static void judge(struct trine_group *group, struct trine__task *task)
{
    int outcome = task->future.outcome;
    if (outcome >= 0) {
        if (group->policy == TRINE_FIRST_SUCCESS && !group->succeeded) {
            group->succeeded = true;
            cancel_group(group, "another child succeeded");
        }
        return;
    }
    if (ended_by_cancel(task, outcome)) {
        trine__future_mark_read(&task->future);
        return;
    }
    if (group->reap && group->policy == TRINE_SUPERVISE)
        return; /* reported when its record goes, unless somebody read it */
    trine__future_mark_read(&task->future);
    if (group->policy == TRINE_FIRST_SUCCESS) { /* only the last one counts, if none succeeds */
        trine__error_unref(group->failure);
        group->failure = NULL;
        group->error = 0;
    }
    keep_failure(group, outcome, failure_of(task, outcome));
    if (group->policy == TRINE_FAIL_FAST)
        cancel_group(group, "a sibling failed");
}

/* ---- children */

static void admit(struct trine_group *group, struct trine__task *task)
{
    trine__family_add(&group->family, task);
    if (!task->context.pinned)
        trine__loop_start(home_of(group), task);
    else
        trine__fresh_start_there(task);
}

static bool full(const struct trine_group *group)
{
    return group->live > group->limit;
}

/* A child has ended: the longest waiting spawner, or the first task of the backlog, has its place.
 */
static void hand_over_place(struct trine_group *group)
{
    struct trine__parker *spawner = group->room_first;
    struct trine__task *task = group->backlog_first;
    if (spawner != NULL) {
        group->room_first = spawner->next;
        trine__unpark(spawner);
    } else if (task != NULL) {
        group->backlog_first = task->next;
        admit(group, task);
    }
}

/* Most records are nobody else's and carry no error: nothing to count, nothing to report. */
static inline void release_child(struct trine__loop *loop, struct trine__task *task)
{
    if (atomic_load_explicit(&task->future.refs, memory_order_acquire) == 1 &&
        task->future.outcome >= 0 && task->future.error == NULL)
        trine__task_free_to(loop, task);
    else
        trine_future_unref(&task->future);
}

/* A joiner is parked: it takes itself back before it goes on for another reason. It is the group's
 * owner, but for a strange program; not asking it is a load less on the way to the next. */
static inline void one_less(struct trine_group *group, struct trine__loop *loop)
{
    struct trine__parker *joiner = group->joiner;
    if (--group->live > 0 || joiner == NULL)
        return;
    struct trine__context *owner = group->family.scope.context;
    group->joiner = NULL;
    if (trine__unlikely(joiner->context != owner)) {
        trine__unpark(joiner);
        return;
    }
    atomic_store_explicit(&joiner->state, TRINE__PARKER_WOKEN, memory_order_relaxed);
    trine__loop_ready(loop, trine__task_of(owner));
}

static __attribute__((noinline)) void child_ended_otherwise(struct trine_group *group,
                                                            struct trine__task *task)
{
    if (task->future.outcome != 0 || group->policy == TRINE_FIRST_SUCCESS)
        judge(group, task);
    if (group->reap) {
        trine__family_remove(&group->family, task);
        release_child(home_of(group), task);
    }
    if (group->limit > 0)
        hand_over_place(group);
    one_less(group, home_of(group));
}

static void child_ended(struct trine__family *family, struct trine__task *task)
{
    struct trine_group *group = group_of(family);
    if (trine__unlikely(task->future.outcome != 0 || !group->plain)) {
        child_ended_otherwise(group, task);
        return;
    }
    struct trine__loop *loop = home_of(group);
    one_less(group, loop);
    if (group->reap) {
        trine__family_remove(family, task);
        release_child(loop, task);
    }
}

static enum trine__cancel leave_join(void *arg)
{
    struct trine_group *group = arg;
    if (group->joiner == NULL)
        return TRINE__CANCEL_PENDING;
    group->joiner = NULL;
    return TRINE__CANCELLED;
}

struct join {
    struct trine__parker parker;
    struct trine_group *group;
    struct trine__need need;
    int refused; /* -EDEADLK: a child waits for the joiner */
};

static void follow_join(struct trine__need *need, struct trine__walk *walk)
{
    struct join *join = TRINE__CONTAINER(need, struct join, need);
    if (join->refused == 0)
        trine__walk_family(walk, &join->group->family);
}

/* The joiner is the group's own loop's business. */
static enum trine__refusal refuse_join(struct trine__need *need, bool at_last)
{
    struct join *join = TRINE__CONTAINER(need, struct join, need);
    if (join->parker.context != trine__here() || join->group->joiner != &join->parker)
        return TRINE__REFUSED_NOT;
    join->group->joiner = NULL;
    join->refused = -EDEADLK;
    trine__unpark(&join->parker);
    return TRINE__REFUSED;
}

/* A close cannot be left before the children have ended. */
static enum trine__refusal refuse_close(struct trine__need *need, bool at_last)
{
    return TRINE__REFUSED_NOT;
}

static void describe_join(struct trine__need *need, char *text, size_t size)
{
    snprintf(text, size, "waits for the children of a group, among them");
}

static const char join_reason[] = "the children of a group";
static const struct trine__need_kind join_kind = { follow_join, refuse_join, describe_join };
static const struct trine__need_kind close_kind = { follow_join, refuse_close, describe_join };

static __attribute__((noinline)) int join_slow(struct trine_group *group, trine__cancel_fn cancel)
{
    struct join join;
    if (group->live == 0)
        return 0;
    join.group = group;
    join.refused = 0;
    int error = trine__parker_init(&join.parker);
    if (error < 0)
        return error;
    trine_must(group->joiner == NULL, "two tasks join the same group");
    group->joiner = &join.parker;
    trine__need_open(&join.need, cancel != NULL ? &join_kind : &close_kind, join.parker.context);
    error = trine__park(&join.parker, cancel, group, join_reason);
    trine__need_close(&join.need);
    return error < 0 ? error : join.refused;
}

/* The same for the group's owner, if it is not cancelled, or nothing cancels it, in a run with one
 * loop, while the children wait for nobody: then the join closes no circle. */
static inline int join_quick(struct trine_group *group, struct trine__task *task,
                             trine__cancel_fn cancel)
{
    struct join join;
    struct trine__loop *loop = task->context.loop;
    if (trine__unlikely(!loop->alone || group->family.needs != NULL))
        return join_slow(group, cancel);
    join.group = group;
    join.refused = 0;
    trine__parker_init_task(&join.parker, task);
    trine_must(group->joiner == NULL, "two tasks join the same group");
    group->joiner = &join.parker;
    trine__need_keep_back(&join.need, cancel != NULL ? &join_kind : &close_kind, &group->family);
    int error = trine__park_task(loop, task, &join.parker, cancel, group, join_reason);
    trine__need_leave(&join.need, &group->family);
    return error < 0 ? error : join.refused;
}

static inline void release_children(struct trine_group *group)
{
    struct trine__task *task = group->family.first;
    while (task != NULL) {
        struct trine__task *next = task->sibling_next;
        if (task->future.outcome < 0)
            trine__future_mark_read(&task->future);
        release_child(home_of(group), task);
        task = next;
    }
}

/* ---- the public face */

static void abandon(struct trine__family *family)
{
    struct trine_group *group = group_of(family);
    cancel_group(group, "its task returned without closing it");
    (void)trine_group_close(group);
}

static inline void fill(struct trine_group *group, const struct trine_group_options *options,
                        bool broken)
{
    group->family.first = group->family.last = NULL;
    group->family.ended = child_ended;
    group->family.abandon = abandon;
    group->family.needs = NULL;
    group->family.needs_lock = 0;
    group->family.quiet = NULL;
    group->joiner = group->room_first = NULL;
    group->backlog_first = NULL;
    group->failure = NULL;
    group->live = 0;
    group->limit = options->limit;
    group->error = 0;
    group->policy = (uint8_t)options->policy;
    group->reap = options->reap;
    group->broken = broken;
    group->succeeded = group->starved = false;
    group->plain = !broken && options->limit == 0 && options->policy != TRINE_FIRST_SUCCESS;
}

static __attribute__((noinline)) void open_otherwise(struct trine_group *group,
                                                     const struct trine_group_options *options)
{
    static const struct trine_group_options defaults;
    if (options == NULL)
        options = &defaults;
    bool broken = trine__task_here() == NULL;
    fill(group, options, broken);
    if (broken)
        return;
    trine_scope_open(&group->family.scope, options->timeout > 0 ? options->timeout : TRINE_FOREVER);
    group->family.scope.family = true;
}

void trine_group_open(struct trine_group *group, const struct trine_group_options *options)
{
    struct trine__task *task = trine__task_here();
    if (options != NULL || task == NULL) {
        open_otherwise(group, options);
        return;
    }
    fill(group, &(struct trine_group_options){ 0 }, false);
    trine__scope_enter(&group->family.scope, &task->context);
    group->family.scope.family = true;
}

static __attribute__((noinline)) int join_otherwise(struct trine_group *group)
{
    if (group->broken)
        return TRINE_ENOLOOP;
    int error = trine__checkpoint();
    return error == 0 ? join_slow(group, leave_join) : error;
}

int trine_group_join(struct trine_group *group)
{
    struct trine__task *task = trine__task_here();
    if (!group->plain || task == NULL || group->family.scope.context != &task->context ||
        !trine__checkpoint_passed(task))
        return join_otherwise(group);
    return group->live == 0 ? 0 : join_quick(group, task, leave_join);
}

static __attribute__((noinline)) int close_otherwise(struct trine_group *group)
{
    if (group->broken)
        return trine_fail(TRINE_ENOLOOP,
                          "trine_group_open() in a thread that runs no loop: call it "
                          "from inside trine_run()");
    if (trine__thread_here.orphan && home_of(group) != trine__loop_here)
        return TRINE_EFORKED;
    do {
        while (group->live > 0)
            (void)join_slow(group, NULL);
        trine__loop_settle(home_of(group)); /* a spawn from another thread, not yet arrived */
    } while (group->live > 0);
    if (__atomic_load_n(&group->starved, __ATOMIC_ACQUIRE))
        keep_failure(group, -ENOMEM, NULL);
    assert(group->backlog_first == NULL && group->room_first == NULL);
    release_children(group);
    group->family.first = group->family.last = NULL;
    int delivered = trine_scope_close(&group->family.scope);
    int outer = trine_cancelled();
    if (group->succeeded && (outer == 0 || delivered != outer)) {
        trine__error_unref(group->failure);
        return 0;
    }
    if (group->error == 0)
        return delivered;
    trine__error_keep(group->failure);
    return group->error;
}

/* Whether nothing happened in `group` that its owner has to be told, nor is on its way to it: then
 * its scope has been left. */
static inline bool closes_quickly(struct trine_group *group, struct trine__task *task)
{
    return group->live == 0 && group->error == 0 &&
           trine__inbox_empty(&task->context.loop->inbox) &&
           !__atomic_load_n(&group->starved, __ATOMIC_ACQUIRE) &&
           trine__scope_left(&group->family.scope, &task->context);
}

int trine_group_close(struct trine_group *group)
{
    struct trine__task *task = trine__task_here();
    if (!group->plain || task == NULL || group->family.scope.context != &task->context)
        return close_otherwise(group);
    if (group->live > 0)
        (void)join_quick(group, task, NULL);
    if (!trine__likely(closes_quickly(group, task)))
        return close_otherwise(group);
    release_children(group);
    return group->family.scope.delivered;
}

void trine_group_cancel(struct trine_group *group, const char *reason)
{
    if (!group->broken)
        trine_scope_cancel(&group->family.scope, reason);
}

struct trine_scope *trine_group_scope(struct trine_group *group)
{
    return group->broken ? NULL : &group->family.scope;
}

size_t trine_group_live(const struct trine_group *group)
{
    return group->live;
}

/* ---- spawn */

static void no_memory(struct trine_group *group)
{
    if (trine__loop_here != home_of(group)) {
        __atomic_store_n(&group->starved, true, __ATOMIC_RELEASE);
        return;
    }
    keep_failure(group, -ENOMEM, NULL);
    if (group->policy == TRINE_FAIL_FAST)
        cancel_group(group, "no memory for a child");
}

/* Waits, in the order of coming, for one of the running children to end. The place is handed over:
 * `live` counts this spawner already. Not cancellable: a cancel makes the children end, which makes
 * room. */
static void wait_for_room(struct trine_group *group)
{
    struct trine__parker parker;
    if (trine__parker_init(&parker) < 0)
        return;
    parker.next = NULL;
    if (group->room_first == NULL)
        group->room_first = &parker;
    else
        group->room_last->next = &parker;
    group->room_last = &parker;
    (void)trine__park(&parker, NULL, NULL, "room in a group");
}

/* A spawn that came from another thread. */
static void deliver_spawn(struct trine__mail *mail)
{
    struct trine__task *task = TRINE__CONTAINER(mail, struct trine__task, mail);
    struct trine_group *group = group_of(task->family);
    atomic_store(&task->context.mail_state, TRINE__MAIL_IDLE);
    trine__task_slab_adopted(home_of(group));
    group->live++;
    if (group->limit == 0 || !full(group)) {
        admit(group, task);
        return;
    }
    task->next = NULL;
    if (group->backlog_first == NULL)
        group->backlog_first = task;
    else
        group->backlog_last->next = task;
    group->backlog_last = task;
}

static struct trine_future *spawn_elsewhere(struct trine_group *group, struct trine__task *task,
                                            struct trine__loop *wanted)
{
    if (trine__thread_here.orphan) {
        trine__task_free(task);
        return NULL;
    }
    struct trine__loop *home = home_of(group);
    task->context.pinned = wanted != NULL;
    task->context.loop = task->context.pinned ? wanted : home;
    task->mail.deliver = deliver_spawn;
    atomic_store(&task->context.mail_state, TRINE__MAIL_START);
    trine__loop_post(home, &task->mail);
    return &task->future;
}

/* A child of a group with a limit waits for its place; in a callback, where nobody can wait, it
 * goes to the backlog: then false. */
static bool find_room(struct trine_group *group, struct trine__task *task)
{
    if (!full(group))
        return true;
    if (trine__loop_here->current == NULL) {
        group->live--;
        deliver_spawn(&task->mail);
        return false;
    }
    wait_for_room(group);
    return true;
}

/* `kept`: see trine__spawn_kept(). */
static __attribute__((noinline)) struct trine_future *
spawn_otherwise(struct trine_group *group, trine_fn fn, void *arg,
                const struct trine_spawn_options *options, const char *site, bool kept)
{
    static const struct trine_spawn_options defaults;
    if (group->broken)
        return NULL;
    if (options == NULL)
        options = &defaults;
    struct trine__loop *loop = trine__loop_here;
    struct trine__task *task =
        trine__task_new(loop, &group->family, fn, arg, options->name, site, options->stack_size);
    struct trine__loop *wanted = (struct trine__loop *)(void *)options->loop;
    trine_must(wanted == NULL || wanted->runtime == home_of(group)->runtime,
               "a task may be spawned on a loop of its group's run only");
    if (task == NULL) {
        if (!kept)
            no_memory(group);
        return NULL;
    }
    if (kept)
        trine_future_ref(&task->future);
    if (loop != home_of(group))
        return spawn_elsewhere(group, task, wanted);
    if (wanted != NULL) {
        task->context.pinned = true;
        task->context.loop = wanted;
    }
    group->live++;
    if (group->limit > 0 && !find_room(group, task))
        return &task->future;
    if (!options->eager || loop->current == NULL || task->context.pinned) {
        admit(group, task);
    } else {
        trine__family_add(&group->family, task);
        trine__loop_yield(loop, task);
    }
    return &task->future;
}

/* Whether a child of `group` needs no look at anything: no other loop, no limit, no cancel, no
 * locals. */
static inline bool spawns_quickly(const struct trine_group *group, const struct trine__loop *loop)
{
    if (!group->plain)
        return false;
    const struct trine__context *parent = group->family.scope.context;
    return parent->loop == loop && loop->alone && loop->free_tasks != NULL &&
           loop->current != NULL && loop->current->context.locals == NULL &&
           trine__family_calm(&group->family);
}

struct trine_future *trine_spawn_at(struct trine_group *group, trine_fn fn, void *arg,
                                    const struct trine_spawn_options *options, const char *site)
{
    struct trine__loop *loop = trine__loop_here;
    if (options != NULL || !trine__likely(spawns_quickly(group, loop)))
        return spawn_otherwise(group, fn, arg, options, site, false);
    struct trine__task *task = loop->free_tasks;
    loop->free_tasks = task->next;
    trine__task_fill(task, loop, &group->family, fn, arg);
    task->owner = (struct trine__owner){ NULL, site };
    trine__family_link(&group->family, task);
    group->live++;
    trine__queue_push(&loop->ready, task);
    return &task->future;
}

struct trine_future *trine__spawn_kept(struct trine_group *group, trine_fn fn, void *arg,
                                       const struct trine_spawn_options *options, const char *site)
{
    return spawn_otherwise(group, fn, arg, options, site, true);
}
