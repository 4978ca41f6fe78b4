/* SPDX-License-Identifier: MIT */
/* A value for each task: a helper deep down knows the request without being told.
 *
 *     [main] starting
 *     [request 1] parsing
 *     [request 2] parsing
 *     [request 1] answering
 *     [request 2] answering
 *     [main] done
 *
 * Python: contextvars.ContextVar. */
#include <stdio.h>
#include <trine.h>

static struct trine_local request = TRINE_LOCAL_INIT("main");

static void say(const char *what)
{
    printf("[%s] %s\n", (const char *)trine_local_get(&request), what);
}

static int step(const char *what)
{
    say(what);
    return trine_yield();
}

/* What it sets, neither its parent nor its sibling sees. */
static int handle(void *name)
{
    int error = trine_local_set(&request, name);
    if (error == 0)
        error = step("parsing");
    if (error == 0)
        error = step("answering");
    return error;
}

static int app(void *arg)
{
    struct trine_group group;
    say("starting");
    trine_group_open(&group, NULL);
    trine_spawn(&group, handle, "request 1");
    trine_spawn(&group, handle, "request 2");
    int error = trine_group_close(&group);
    say("done");
    return error;
}

int main(void)
{
    return trine_run(app, NULL, NULL) < 0;
}
