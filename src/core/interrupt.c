/* SPDX-License-Identifier: MIT */
#include "core/interrupt.h"
#include "core/loop.h"
#include "sys/sys.h"
#include <trine/run.h>

static _Atomic(struct trine__loop *) receiver;
static _Atomic(bool) pending;     /* not yet told to the loop */
static _Atomic(bool) interrupted; /* since the last run began */

static void on_sigint(int signal)
{
    if (atomic_exchange(&interrupted, true)) {
        struct sigaction by_default = { .sa_handler = SIG_DFL };
        trine__sys_sigaction(signal, &by_default, NULL);
        trine__sys_kill(getpid(), signal); /* delivered as soon as this handler returns */
        return;
    }
    atomic_store(&pending, true);
    struct trine__loop *loop = atomic_load(&receiver);
    if (loop != NULL)
        trine__poller_wake(loop->poller);
}

void trine__interrupt_open(struct trine__loop *loop)
{
    struct trine__loop *nobody = NULL;
    struct sigaction old, action = { .sa_handler = on_sigint, .sa_flags = SA_RESTART };
    if (trine__sys_sigaction(SIGINT, NULL, &old) < 0 || old.sa_handler != SIG_DFL ||
        !atomic_compare_exchange_strong(&receiver, &nobody, loop))
        return;
    atomic_store(&interrupted, false);
    atomic_store(&pending, false);
    trine__sys_sigaction(SIGINT, &action, NULL);
}

void trine__interrupt_close(struct trine__loop *loop)
{
    struct sigaction by_default = { .sa_handler = SIG_DFL };
    if (atomic_load(&receiver) != loop)
        return;
    trine__sys_sigaction(SIGINT, &by_default, NULL);
    atomic_store(&receiver, NULL);
}

void trine__interrupt_check(struct trine__loop *loop)
{
    if (atomic_load_explicit(&pending, memory_order_relaxed) && atomic_load(&receiver) == loop &&
        atomic_exchange(&pending, false))
        trine__scope_cancel_local(&loop->root.scope, -ECANCELED, "SIGINT");
}

bool trine_interrupted(void)
{
    return atomic_load(&interrupted);
}
