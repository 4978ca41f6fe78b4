/* SPDX-License-Identifier: MIT */
#include "exec/room.h"

void trine__room_enter(struct trine__room *room, struct trine__room_place *place)
{
    place->room = room;
    place->next = NULL;
    place->prev = room->last;
    place->waiting = true;
    if (room->last != NULL)
        room->last->next = place;
    else
        room->first = place;
    room->last = place;
    atomic_fetch_add(&room->count, 1);
}

void trine__room_leave(struct trine__room *room, struct trine__room_place *place)
{
    if (place->prev != NULL)
        place->prev->next = place->next;
    else
        room->first = place->next;
    if (place->next != NULL)
        place->next->prev = place->prev;
    else
        room->last = place->prev;
    place->waiting = false;
    atomic_fetch_sub(&room->count, 1);
}

static enum trine__cancel give_up(void *arg)
{
    struct trine__room_place *place = arg;
    struct trine__room *room = place->room;
    pthread_mutex_lock(room->lock);
    bool waiting = place->waiting;
    if (waiting)
        trine__room_leave(room, place);
    pthread_mutex_unlock(room->lock);
    return waiting ? TRINE__CANCELLED : TRINE__CANCEL_PENDING;
}

int trine__room_wait(struct trine__room_place *place)
{
    return trine__park(&place->parker, give_up, place, "room in the backlog of a pool");
}
