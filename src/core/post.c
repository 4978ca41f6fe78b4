/* SPDX-License-Identifier: MIT */
/* Calls brought to a loop from outside, and the loop's public name. The mail is the caller's, so
 * posting needs nothing that a signal handler may not have. */
#include "base/list.h"
#include "core/loop.h"
#include <trine/loop.h>

static struct trine__loop *inside(struct trine_loop *loop)
{
    return (struct trine__loop *)(void *)loop;
}

struct trine_loop *trine_loop_here(void)
{
    return (struct trine_loop *)(void *)trine__loop_here;
}

struct trine_loop *trine_loop_at(unsigned number)
{
    struct trine__loop *here = trine__loop_here;
    if (here == NULL || number >= here->runtime->loop_count)
        return NULL;
    return (struct trine_loop *)(void *)here->runtime->loops[number];
}

unsigned trine_loop_number(const struct trine_loop *loop)
{
    return ((const struct trine__loop *)(const void *)loop)->number;
}

static void deliver_post(struct trine__mail *mail)
{
    struct trine_posted *post = TRINE__CONTAINER(mail, struct trine_posted, mail);
    void (*fn)(void *arg) = post->fn;
    void *arg = post->arg;
    __atomic_store_n(&post->under_way, 0, __ATOMIC_RELEASE);
    fn(arg);
}

int trine_post(struct trine_loop *loop, struct trine_posted *post)
{
    if (__atomic_exchange_n(&post->under_way, 1, __ATOMIC_ACQUIRE) != 0)
        return -EALREADY;
    post->mail.deliver = deliver_post;
    trine__loop_post(inside(loop), &post->mail);
    return 0;
}
