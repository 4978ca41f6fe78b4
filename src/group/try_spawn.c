/* SPDX-License-Identifier: MIT */
/* A spawn that never waits for room. How many children run is known on the group's loop only, so
 * others ask it, by mail. */
#include "base/list.h"
#include "core/local.h"
#include "core/loop.h"
#include "core/thread_context.h"
#include "group/spawn.h"

struct request {
    struct trine__mail mail;
    struct trine__parker parker;
    struct trine_group *group;
    trine_fn fn;
    void *arg;
    const struct trine_spawn_options *options;
    const char *site;
    struct trine__locals *locals; /* of who asks, which waits */
    struct trine_future *child;
    int error;
};

static void attempt(struct request *request)
{
    struct trine_group *group = request->group;
    if (group->limit > 0 && group->live >= group->limit) {
        request->error = -EAGAIN;
        return;
    }
    request->child =
        trine__spawn_kept(group, request->fn, request->arg, request->options, request->site);
    request->error = request->child != NULL ? 0 : -ENOMEM;
}

static void deliver_request(struct trine__mail *mail)
{
    struct request *request = TRINE__CONTAINER(mail, struct request, mail);
    struct trine__locals **here = &trine__thread_here.context.locals, *own = *here;
    *here = request->locals;
    attempt(request);
    *here = own;
    trine__unpark(&request->parker);
}

static void ask(struct request *request, struct trine__loop *home)
{
    request->error = trine__parker_init(&request->parker);
    if (request->error < 0)
        return;
    request->locals = trine__locals_here();
    request->mail.deliver = deliver_request;
    trine__loop_post(home, &request->mail);
    (void)trine__park(&request->parker, NULL, NULL, "an answer about room in a group");
}

int trine_try_spawn_at(struct trine_group *group, trine_fn fn, void *arg,
                       const struct trine_spawn_options *options, const char *site,
                       struct trine_future **ret_child)
{
    if (group->broken)
        return TRINE_ENOLOOP;
    if (trine__thread_here.orphan)
        return TRINE_EFORKED;
    struct request request = {
        .group = group, .fn = fn, .arg = arg, .options = options, .site = site
    };
    struct trine__loop *home = group->family.scope.context->loop;
    if (group->limit == 0 || home == trine__loop_here)
        attempt(&request);
    else
        ask(&request, home);
    if (request.error < 0)
        return request.error;
    if (ret_child != NULL)
        *ret_child = request.child;
    trine_future_unref(request.child); /* the group's own reference is what the caller borrows */
    return 0;
}
