/* SPDX-License-Identifier: MIT */
/* A FIFO of operations, linked through the operations themselves. */
#ifndef TRINE_POLL_OP_LIST_H
#define TRINE_POLL_OP_LIST_H

#include "poll/op.h"
#include <stddef.h>

struct trine__op_list {
    struct trine__op *first, *last;
};

static inline void trine__op_list_put(struct trine__op_list *list, struct trine__op *op)
{
    op->next = NULL;
    op->prev = list->last;
    if (list->last != NULL)
        list->last->next = op;
    else
        list->first = op;
    list->last = op;
}

static inline void trine__op_list_remove(struct trine__op_list *list, struct trine__op *op)
{
    *(op->prev != NULL ? &op->prev->next : &list->first) = op->next;
    *(op->next != NULL ? &op->next->prev : &list->last) = op->prev;
    op->next = op->prev = NULL;
}

static inline struct trine__op *trine__op_list_take(struct trine__op_list *list)
{
    struct trine__op *op = list->first;
    if (op != NULL)
        trine__op_list_remove(list, op);
    return op;
}

#endif
