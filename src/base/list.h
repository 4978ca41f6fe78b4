/* SPDX-License-Identifier: MIT */
/* The struct around a member: what makes intrusive containers work. */
#ifndef TRINE_BASE_LIST_H
#define TRINE_BASE_LIST_H

#include <stddef.h>

#define TRINE__CONTAINER(pointer, type, member)                                                    \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

#endif
