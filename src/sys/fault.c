/* SPDX-License-Identifier: MIT */
/* Carries a fault plan out: counts the calls and says which of them fails or is cut short.
 *
 * The plan in force lives in atomics rather than behind a lock: fault points are passed in signal
 * handlers and in children of a threaded fork, where a lock could be held for ever. Setting a plan
 * while other threads make calls is therefore safe, though which plan they meet is a matter of
 * luck. */
#include "sys/fault.h"
#include "sys/fault_plan.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct live_rule {
    atomic_int kind, operation, error;
    atomic_bool onwards;
    _Atomic uint64_t at, seen;
};

atomic_int trine__fault_armed;

static struct live_rule rules[TRINE__PLAN_RULES_MAX];
static atomic_int rule_count;
static _Atomic uint64_t calls[TRINE__FAULT_OPERATION_COUNT], hits;

static void clear(void)
{
    atomic_store(&trine__fault_armed, 0);
    atomic_store(&rule_count, 0);
    for (int i = 0; i < TRINE__FAULT_OPERATION_COUNT; i++)
        atomic_store(&calls[i], 0);
    atomic_store(&hits, 0);
}

static void set(int index, const struct trine__plan_rule *from)
{
    struct live_rule *rule = &rules[index];
    atomic_store(&rule->kind, (int)from->kind);
    atomic_store(&rule->operation, from->operation);
    atomic_store(&rule->error, from->error);
    atomic_store(&rule->onwards, from->onwards);
    atomic_store(&rule->at, from->at);
    atomic_store(&rule->seen, 0);
}

int trine__fault_plan(const char *plan)
{
    if (plan == NULL || *plan == '\0') {
        clear();
        return 0;
    }
    struct trine__plan_rule parsed[TRINE__PLAN_RULES_MAX];
    int count = trine__fault_plan_parse(plan, parsed);
    if (count < 0)
        return count;
    clear();
    for (int i = 0; i < count; i++)
        set(i, &parsed[i]);
    atomic_store(&rule_count, count);
    atomic_store(&trine__fault_armed, 1);
    return 0;
}

/* Whether `rule` speaks of calls like this one and this is the one it is waiting for. No call is
 * interrupted for ever, so EINTR strikes once even for a rule that goes on: the next attempt must
 * get through or its caller would never return. */
static bool strikes(struct live_rule *rule, int operation, int error)
{
    int only = atomic_load(&rule->operation);
    if (only >= 0 && only != operation)
        return false;
    uint64_t seen = atomic_fetch_add(&rule->seen, 1) + 1, at = atomic_load(&rule->at);
    return seen == at || (atomic_load(&rule->onwards) && seen > at && error != EINTR);
}

/* All rules see the call, so that each counts for itself; the first that strikes decides. */
static int verdict(enum trine__fault_operation operation, bool *can_shorten)
{
    int error = 0;
    bool shorten = false;
    atomic_fetch_add(&calls[operation], 1);
    for (int i = 0, count = atomic_load(&rule_count); i < count; i++) {
        struct live_rule *rule = &rules[i];
        int kind = atomic_load(&rule->kind);
        int own = atomic_load(&rule->error) ?: trine__fault_descriptions[operation].error;
        if (kind == TRINE__PLAN_FAIL && strikes(rule, operation, own) && error == 0)
            error = own;
        else if (kind == TRINE__PLAN_SHORT && *can_shorten && strikes(rule, operation, 0))
            shorten = true;
    }
    *can_shorten = shorten && error == 0;
    if (error != 0 || *can_shorten)
        atomic_fetch_add(&hits, 1);
    return -error;
}

int trine__fault_verdict(enum trine__fault_operation operation)
{
    return verdict(operation, &(bool){ false });
}

/* Only streams of bytes may be cut: one byte of a datagram would lose the rest of it, and an
 * eventfd refuses anything but eight. -1 stands for a stream whose descriptor is not known. */
static bool is_byte_stream(int fd)
{
    struct stat info;
    if (fd < 0)
        return true;
    if (fstat(fd, &info) < 0)
        return false;
    if (!S_ISSOCK(info.st_mode))
        return S_ISREG(info.st_mode) || S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode);
    int type = 0;
    socklen_t len = sizeof type;
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM;
}

int trine__fault_verdict_moving(enum trine__fault_operation operation, int fd, size_t *len)
{
    bool shorten = *len > 1 && is_byte_stream(fd);
    int error = verdict(operation, &shorten);
    if (shorten)
        *len = 1;
    return error;
}

int trine__fault_verdict_moving_parts(enum trine__fault_operation operation, int fd,
                                      const struct iovec *parts, size_t count,
                                      struct iovec *ret_one)
{
    size_t first = 0, total = 0;
    for (size_t i = count; i > 0; i--) {
        total += parts[i - 1].iov_len;
        if (parts[i - 1].iov_len > 0)
            first = i - 1;
    }
    bool shorten = total > 1 && is_byte_stream(fd);
    int error = verdict(operation, &shorten);
    if (shorten)
        *ret_one = (struct iovec){ parts[first].iov_base, 1 };
    return error != 0 ? error : shorten;
}

uint64_t trine__fault_calls(void)
{
    uint64_t total = 0;
    for (int i = 0; i < TRINE__FAULT_OPERATION_COUNT; i++)
        total += atomic_load(&calls[i]);
    return total;
}

uint64_t trine__fault_calls_of(const char *operation)
{
    int index = trine__fault_operation_named(operation, strlen(operation));
    return index < 0 ? 0 : atomic_load(&calls[index]);
}

uint64_t trine__fault_hits(void)
{
    return atomic_load(&hits);
}

static bool wants_totals(void)
{
    for (int i = 0, count = atomic_load(&rule_count); i < count; i++)
        if (atomic_load(&rules[i].kind) == TRINE__PLAN_COUNT)
            return true;
    return false;
}

/* When the last exit handler has run; a child that leaves with _exit prints nothing. */
__attribute__((destructor)) static void print_totals(void)
{
    if (!wants_totals())
        return;
    for (int i = 0; i < TRINE__FAULT_OPERATION_COUNT; i++)
        if (calls[i] > 0)
            dprintf(STDERR_FILENO, "trine fault: %s %" PRIu64 "\n",
                    trine__fault_descriptions[i].name, calls[i]);
    dprintf(STDERR_FILENO, "trine fault: total %" PRIu64 "\n", trine__fault_calls());
}

__attribute__((constructor)) static void plan_from_environment(void)
{
    const char *plan = secure_getenv("TRINE_FAULT");
    if (trine__fault_plan(plan) == 0)
        return;
    dprintf(STDERR_FILENO, "trine: TRINE_FAULT is not a fault plan: %s\n", plan);
    _exit(2);
}
