/* SPDX-License-Identifier: MIT */
/* Running on another loop: a group of one, whose child starts there. */
#include "core/loop.h"
#include <trine/group.h>
#include <trine/loop.h>

int trine_run_on_at(struct trine_loop *loop, trine_fn fn, void *arg, const char *site)
{
    struct trine__loop *here = trine__loop_here, *there = (struct trine__loop *)(void *)loop;
    int error = trine__checkpoint();
    if (error < 0)
        return error;
    if (here == NULL)
        return trine_fail(TRINE_ENOLOOP, "trine_run_on() in a thread that runs no loop: call it "
                                         "from inside trine_run()");
    if (there == NULL || there->runtime != here->runtime)
        return trine_fail(-EINVAL, "trine_run_on(): not a loop of this run");
    struct trine_group group;
    trine_group_open(&group, NULL);
    struct trine_spawn_options options = { .loop = loop };
    struct trine_future *child = trine_future_ref(trine_spawn_at(&group, fn, arg, &options, site));
    error = trine_group_close(&group);
    int outcome = child != NULL ? trine_future_outcome(child) : error;
    trine_future_unref(child);
    return outcome < 0 && error < 0 ? error : outcome;
}
