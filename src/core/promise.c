/* SPDX-License-Identifier: MIT */
/* Promises: futures resolved by hand, with a value of fixed size. One without a value is a future
 * and nothing more: such are waited for by the million. */
#include "base/list.h"
#include "core/future.h"
#include "sys/sys.h"
#include <string.h>

struct promise {
    struct trine_future future;
    size_t size;
    _Alignas(16) char value[];
};

static void *value_of(struct trine_future *future)
{
    return TRINE__CONTAINER(future, struct promise, future)->value;
}

static void *no_value_of(struct trine_future *future)
{
    return future + 1;
}

static int cancel(struct trine_future *future)
{
    if (!trine__future_claim(future))
        return 0;
    trine__future_complete(future, -ECANCELED, NULL);
    return 1;
}

static void free_promise(struct trine_future *future)
{
    trine__free(TRINE__CONTAINER(future, struct promise, future));
}

static const struct trine__future_kind kind = {
    .name = "promise", .cancel = cancel, .value = value_of, .free = free_promise
};
static const struct trine__future_kind empty_kind = {
    .name = "promise", .cancel = cancel, .value = no_value_of, .free = free_promise
};

static struct trine_future *new_empty(void)
{
    struct trine_future *future = trine__alloc(sizeof *future);
    if (future != NULL)
        trine__future_init(future, &empty_kind);
    return future;
}

struct trine_future *trine_promise_new(size_t size)
{
    if (size == 0)
        return new_empty();
    if (size > SIZE_MAX - sizeof(struct promise))
        return NULL;
    struct promise *promise = trine__alloc_zero(1, sizeof *promise + size);
    if (promise == NULL)
        return NULL;
    trine__future_init(&promise->future, &kind);
    promise->size = size;
    return &promise->future;
}

int trine_promise_resolve(struct trine_future *future, int outcome, const void *value)
{
    if (!trine__future_claim(future))
        return -EALREADY;
    if (value != NULL && future->kind != &empty_kind) {
        struct promise *promise = TRINE__CONTAINER(future, struct promise, future);
        memcpy(promise->value, value, promise->size);
    }
    trine__future_complete(future, outcome, NULL);
    return 0;
}
