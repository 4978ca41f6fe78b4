/* SPDX-License-Identifier: MIT */
/* The text of a fault plan, read into rules. The grammar is in fault.h. */
#include "sys/fault_plan.h"
#include <string.h>

#define DESCRIBE(id, name, error, may_be_short) { name, error, may_be_short },
const struct trine__fault_description trine__fault_descriptions[TRINE__FAULT_OPERATION_COUNT] = {
    TRINE__FAULT_OPERATIONS(DESCRIBE)
};
#undef DESCRIBE

struct word {
    const char *text;
    size_t len;
};

/* Cuts the part before the first `end` off `*rest`. Without one that is all of it, and `*rest` is
 * left without text: so an empty part after a last `end` still shows. */
static struct word cut(struct word *rest, char end)
{
    struct word head = *rest;
    const char *stop = memchr(rest->text, end, rest->len);
    if (stop == NULL) {
        *rest = (struct word){ NULL, 0 };
        return head;
    }
    head.len = (size_t)(stop - rest->text);
    *rest = (struct word){ stop + 1, rest->len - head.len - 1 };
    return head;
}

static bool is(struct word word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

static bool read_number(struct word word, uint64_t *ret)
{
    uint64_t value = 0;
    if (word.len == 0 || word.len > 18)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        if (word.text[i] < '0' || word.text[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(word.text[i] - '0');
    }
    *ret = value;
    return true;
}

static bool read_error(struct word word, int *ret)
{
    enum { LARGEST_ERRNO = 4095 };
    uint64_t number;
    if (read_number(word, &number)) {
        *ret = (int)number;
        return number >= 1 && number <= LARGEST_ERRNO;
    }
    for (int error = 1; error <= EHWPOISON; error++) {
        const char *name = strerrorname_np(error);
        if (name != NULL && is(word, name)) {
            *ret = error;
            return true;
        }
    }
    return false;
}

int trine__fault_operation_named(const char *name, size_t len)
{
    for (int i = 0; i < TRINE__FAULT_OPERATION_COUNT; i++)
        if (is((struct word){ name, len }, trine__fault_descriptions[i].name))
            return i;
    return -1;
}

static bool read_position(struct word word, struct trine__plan_rule *rule)
{
    if (word.len > 0 && word.text[word.len - 1] == '+') {
        rule->onwards = true;
        word.len--;
    }
    return read_number(word, &rule->at) && rule->at > 0;
}

static bool read_option(struct word field, struct trine__plan_rule *rule)
{
    struct word key = cut(&field, '=');
    if (field.text == NULL)
        return false;
    if (is(key, "op")) {
        rule->operation = trine__fault_operation_named(field.text, field.len);
        return rule->operation >= 0;
    }
    if (is(key, "errno"))
        return read_error(field, &rule->error);
    return false;
}

/* Refuses what could only mislead: a short call that moves no bytes, one interrupted for ever. */
static bool makes_sense(const struct trine__plan_rule *rule)
{
    if (rule->kind == TRINE__PLAN_SHORT)
        return rule->error == 0 &&
               (rule->operation < 0 || trine__fault_descriptions[rule->operation].may_be_short);
    return !(rule->onwards && rule->error == EINTR);
}

static bool read_rule(struct word text, struct trine__plan_rule *rule)
{
    *rule = (struct trine__plan_rule){ .kind = TRINE__PLAN_COUNT, .operation = -1 };
    if (is(text, "count"))
        return true;
    struct word kind = cut(&text, ':');
    rule->kind = is(kind, "short") ? TRINE__PLAN_SHORT : TRINE__PLAN_FAIL;
    if (rule->kind == TRINE__PLAN_FAIL && !is(kind, "fail"))
        return false;
    if (text.text == NULL || !read_position(cut(&text, ':'), rule))
        return false;
    while (text.text != NULL)
        if (!read_option(cut(&text, ':'), rule))
            return false;
    return makes_sense(rule);
}

int trine__fault_plan_parse(const char *text, struct trine__plan_rule ret[TRINE__PLAN_RULES_MAX])
{
    struct word rest = { text, strlen(text) };
    int count = 0;
    do {
        if (count == TRINE__PLAN_RULES_MAX || !read_rule(cut(&rest, ','), &ret[count]))
            return -EINVAL;
        count++;
    } while (rest.text != NULL);
    return count;
}
