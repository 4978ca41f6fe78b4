/* SPDX-License-Identifier: MIT */
/* A queue in a select, and the use of its ends. */
#include "sync/case.h"
#include "sync/queue.h"

void trine__queue_end_drop(struct trine_queue *queue, struct trine__queue_end *end)
{
    trine__sync_lock(&queue->lock);
    bool last = --end->users == 0;
    trine__sync_unlock(&queue->lock);
    if (last)
        end->free(end);
}

void trine__queue_leave(struct trine__wait_list *list, void *item, struct trine__queue_end *end,
                        struct trine__wait *wait)
{
    wait->object = end;
    wait->item = item;
    wait->withdrawn = NULL;
    trine__wait_add(list, wait);
    if (end != NULL)
        end->users++;
}

static struct trine__sync_lock *case_lock(const struct trine_case *choice)
{
    return &((struct trine_queue *)choice->object)->lock;
}

static int case_put(struct trine_case *choice, struct trine__wake_list *wake)
{
    return trine__queue_commit_put(choice->object, choice->item, wake);
}

static int case_get(struct trine_case *choice, struct trine__wake_list *wake)
{
    return trine__queue_commit_get(choice->object, choice->item, wake);
}

static void leave_put(struct trine_case *choice, struct trine__wait *wait)
{
    struct trine_queue *queue = choice->object;
    trine__queue_leave(&queue->putters, choice->item, NULL, wait);
}

static void leave_get(struct trine_case *choice, struct trine__wait *wait)
{
    struct trine_queue *queue = choice->object;
    trine__queue_leave(&queue->getters, choice->item, NULL, wait);
}

const struct trine__case_ops trine__case_get = { case_lock, case_get, leave_get, NULL };
const struct trine__case_ops trine__case_put = { case_lock, case_put, leave_put, NULL };
