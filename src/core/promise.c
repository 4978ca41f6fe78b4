/* SPDX-License-Identifier: MIT */
/* Promises: futures resolved by hand, with a value of fixed size. */
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

struct trine_future *trine_promise_new(size_t size)
{
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
    struct promise *promise = TRINE__CONTAINER(future, struct promise, future);
    if (value != NULL)
        memcpy(promise->value, value, promise->size);
    trine__future_complete(future, outcome, NULL);
    return 0;
}
