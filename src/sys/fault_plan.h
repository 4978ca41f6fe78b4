/* SPDX-License-Identifier: MIT */
/* A fault plan as data: what fault_plan.c makes of the text and fault.c carries out. */
#ifndef TRINE_SYS_FAULT_PLAN_H
#define TRINE_SYS_FAULT_PLAN_H

#include "sys/fault_point.h"
#include <stdbool.h>
#include <stdint.h>

enum trine__plan_kind { TRINE__PLAN_COUNT, TRINE__PLAN_FAIL, TRINE__PLAN_SHORT };

struct trine__plan_rule {
    enum trine__plan_kind kind;
    uint64_t at;   /* from 1 */
    bool onwards;  /* that call and all after it */
    int operation; /* -1: any that the kind fits */
    int error;     /* positive; 0: the operation's own */
};

enum { TRINE__PLAN_RULES_MAX = 16 };

struct trine__fault_description {
    const char *name;
    int error;
    bool may_be_short;
};

extern const struct trine__fault_description
    trine__fault_descriptions[TRINE__FAULT_OPERATION_COUNT];

/* The operation of that name (`len` bytes of it), or -1. */
int trine__fault_operation_named(const char *name, size_t len);

/* Reads rules from `text` into `ret`. Returns how many, or -EINVAL. */
int trine__fault_plan_parse(const char *text, struct trine__plan_rule ret[TRINE__PLAN_RULES_MAX]);

#endif
