/* SPDX-License-Identifier: MIT */
/* Stack overflow, told instead of left to a core file.
 *
 * The fault comes on a stack with no room left, so the handler runs on an alternate one. It asks
 * the slabs whether the address lies in a guard; if so it names the owner and lets the default
 * action end the process when the same instruction faults again. Every other fault goes on to the
 * handler that was there before. Nothing in here may allocate or lock. */
#include "overflow.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "slab.h"
#include "sys/sys.h"

#define ALTERNATE_SIZE (64 * 1024)

static const int signals[] = { SIGSEGV, SIGBUS };
static struct sigaction previous[2];
static _Atomic int installed;

static _Thread_local void *alternate __attribute__((tls_model("initial-exec")));

struct line {
    char text[512];
    size_t len;
};

static void append(struct line *line, const char *text)
{
    while (*text && line->len < sizeof line->text - 1)
        line->text[line->len++] = *text++;
}

static void append_number(struct line *line, size_t number)
{
    char digits[24];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    append(line, digits + at);
}

/* "file.c:12 function" names the function where the owner has no name of its own. */
static const char *name_of(const struct trine__owner *owner)
{
    if (owner->name || !owner->site)
        return owner->name ? owner->name : "?";
    const char *space = strrchr(owner->site, ' ');
    return space ? space + 1 : owner->site;
}

void trine__overflow_report(const struct trine__stack *stack)
{
    static const struct trine__owner nobody;
    const struct trine__owner *owner = stack->owner ? stack->owner : &nobody;
    struct line line = { .len = 0 };
    append(&line, "trine: stack overflow in task '");
    append(&line, name_of(owner));
    append(&line, "' (spawned at ");
    append(&line, owner->site ? owner->site : "?");
    append(&line, "): its ");
    append_number(&line, stack->size / 1024);
    append(&line, " KiB stack is full; give it more with .stack_size");
    line.text[line.len++] = '\n';
    trine__sys_write(STDERR_FILENO, line.text, line.len);
}

static void to_default(int signal)
{
    struct sigaction action = { .sa_handler = SIG_DFL };
    trine__sys_sigaction(signal, &action, NULL);
}

/* A fault comes again when its instruction does; a signal that a process sent must be sent again.
 */
static void to_nobody(int signal, const siginfo_t *info, int ignored)
{
    int sent = info->si_code <= 0;
    if (sent && ignored)
        return;
    to_default(signal);
    if (sent)
        raise(signal);
}

static void to_previous(int signal, siginfo_t *info, void *context)
{
    const struct sigaction *action = &previous[signal == SIGBUS];
    if (action->sa_flags & SA_SIGINFO)
        action->sa_sigaction(signal, info, context);
    else if (action->sa_handler == SIG_DFL || action->sa_handler == SIG_IGN)
        to_nobody(signal, info, action->sa_handler == SIG_IGN);
    else
        action->sa_handler(signal);
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
    /* A positive code: from the kernel, so the address means something. */
    struct trine__stack *stack = info->si_code > 0 ? trine__slab_guard_at(info->si_addr) : NULL;
    if (!stack) {
        to_previous(signal, info, context);
        return;
    }
    trine__overflow_report(stack);
    to_default(signal);
}

int trine__overflow_install(void)
{
    int expected = 0;
    if (!atomic_compare_exchange_strong(&installed, &expected, 1))
        return 0;
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK };
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < 2; i++) {
        int err = trine__sys_sigaction(signals[i], NULL, &previous[i]);
        if (err == 0)
            err = trine__sys_sigaction(signals[i], &action, NULL);
        if (err < 0) {
            atomic_store(&installed, 0);
            return err;
        }
    }
    return 0;
}

int trine__overflow_enter_thread(void)
{
    stack_t now, ours = { .ss_size = ALTERNATE_SIZE };
    int err = trine__sys_sigaltstack(NULL, &now);
    if (err < 0)
        return err;
    if (!(now.ss_flags & SS_DISABLE))
        return 0; /* whoever set it up serves us too */
    err = trine__map(ALTERNATE_SIZE, MAP_NORESERVE | MAP_STACK, &ours.ss_sp);
    if (err < 0)
        return err;
    err = trine__sys_sigaltstack(&ours, NULL);
    if (err < 0) {
        trine__unmap(ours.ss_sp, ALTERNATE_SIZE);
        return err;
    }
    alternate = ours.ss_sp;
    return 0;
}

void trine__overflow_leave_thread(void)
{
    if (!alternate)
        return;
    trine__sys_sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
    trine__unmap(alternate, ALTERNATE_SIZE);
    alternate = NULL;
}
