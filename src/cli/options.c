/* SPDX-License-Identifier: MIT */
#include "cli/options.h"
#include "cli/commands.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <trine/error.h>
#include <trine/time.h>

#define OPTIONS_MAX 32
#define HELP        1000 /* getopt's value for --help; the table's entries follow */

int trine__misuse(const struct trine__command *command, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "trine %s: ", command->name);
    vfprintf(stderr, format, values);
    fprintf(stderr, "; try 'trine %s --help'\n", command->name);
    va_end(values);
    return TRINE__EXIT_USAGE;
}

/* ---- values */

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {
    { "", TRINE_SECONDS(1) },   { "s", TRINE_SECONDS(1) },    { "ms", TRINE_MILLISECONDS(1) },
    { "m", TRINE_SECONDS(60) }, { "h", TRINE_SECONDS(3600) }, { NULL, 0 }
};
static const struct unit sizes[] = { { "", 1 },         { "k", 1U << 10 }, { "K", 1U << 10 },
                                     { "M", 1U << 20 }, { "G", 1U << 30 }, { NULL, 0 } };

/* A number with a unit, at least 1 and at most INT64_MAX of the smallest unit; false: it is none.
 */
static bool measure(const char *text, const struct unit *unit, uint64_t *ret)
{
    char *end = NULL;
    double value = text[0] >= '0' && text[0] <= '9' ? strtod(text, &end) : 0;
    if (end == NULL || memchr(text, 'x', (size_t)(end - text)) != NULL)
        return false;
    while (unit->name != NULL && strcmp(unit->name, end) != 0)
        unit++;
    value *= (double)unit->factor;
    if (unit->name == NULL || !(value >= 1 && value < 9e18))
        return false;
    *ret = (uint64_t)value;
    return true;
}

static bool is_number(const char *text, unsigned least, unsigned most, unsigned *ret)
{
    char *end = NULL;
    errno = 0;
    unsigned long value = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (end == NULL || *end != '\0' || errno != 0 || value < least || value > most)
        return false;
    *ret = (unsigned)value;
    return true;
}

static int take(const struct trine__command *command, const struct trine__option *option,
                const char *text, void *settings)
{
    void *field = (char *)settings + option->offset;
    uint64_t amount = 0;
    switch (option->kind) {
    case TRINE__OPTION_FLAG:
        *(bool *)field = true;
        return -1;
    case TRINE__OPTION_TEXT:
        *(const char **)field = text;
        return -1;
    case TRINE__OPTION_NUMBER:
        if (is_number(text, option->least, option->most, field))
            return -1;
        return trine__misuse(command, "--%s is a whole number from %u to %u, not '%s'",
                             option->name, option->least, option->most, text);
    case TRINE__OPTION_CALL:
        return option->take(settings, text);
    case TRINE__OPTION_DURATION:
        if (!measure(text, durations, &amount))
            return trine__misuse(command, "--%s is a duration like 500ms, 10s or 2m, not '%s'",
                                 option->name, text);
        *(int64_t *)field = (int64_t)amount;
        return -1;
    default:
        if (!measure(text, sizes, &amount))
            return trine__misuse(command, "--%s is a size like 4096, 10k or 1M, not '%s'",
                                 option->name, text);
        *(size_t *)field = (size_t)amount;
        return -1;
    }
}

/* ---- help */

static void print_option(const struct trine__option *option)
{
    char left[64];
    int len = option->letter != 0
                  ? snprintf(left, sizeof left, "  -%c, --%s", option->letter, option->name)
                  : snprintf(left, sizeof left, "      --%s", option->name);
    if (option->value != NULL)
        snprintf(left + len, sizeof left - (size_t)len, " %s", option->value);
    printf("%-28s ", left);
    for (const char *line = option->help;; line++) {
        int len_here = (int)strcspn(line, "\n");
        printf("%.*s\n", len_here, line);
        line += len_here;
        if (*line == '\0')
            return;
        printf("%29s", "");
    }
}

static int print_help(const struct trine__command *command)
{
    static const struct trine__option help = { .name = "help", .letter = 'h', .help = "this text" };
    printf("Usage: trine %s [OPTION]...%s%s\n%s\n\nOptions:\n", command->name,
           command->operands[0] != '\0' ? " " : "", command->operands, command->about);
    for (const struct trine__option *option = command->options; option->name != NULL; option++)
        print_option(option);
    print_option(&help);
    printf("\n%s", command->notes);
    return fflush(stdout) != 0 ? TRINE__EXIT_FAILED : TRINE__EXIT_OK;
}

/* ---- parsing */

/* The table as getopt wants it. */
struct translated {
    struct option longs[OPTIONS_MAX + 2];
    char shorts[2 * OPTIONS_MAX + 8];
    int count;
};

static void add(struct translated *to, const char *name, char letter, bool has_value, int value)
{
    to->longs[to->count++] =
        (struct option){ name, has_value ? required_argument : no_argument, NULL, value };
    if (letter == 0)
        return;
    char *end = to->shorts + strlen(to->shorts);
    *end++ = letter;
    if (has_value)
        *end = ':';
}

static void translate(const struct trine__command *command, struct translated *ret)
{
    *ret = (struct translated){ .shorts = ":" };
    add(ret, "help", 'h', false, HELP);
    for (const struct trine__option *option = command->options; option->name != NULL; option++)
        add(ret, option->name, option->letter, option->value != NULL, HELP + ret->count);
}

/* The entry for what getopt_long returned; NULL for help. */
static const struct trine__option *entry_of(const struct trine__command *command, int found)
{
    if (found > HELP)
        return &command->options[found - HELP - 1];
    const struct trine__option *option = command->options;
    while (option->name != NULL && option->letter != found)
        option++;
    return found == HELP || found == 'h' ? NULL : option;
}

static int refuse(const struct trine__command *command, int found, const char *culprit)
{
    if (found == ':')
        return trine__misuse(command, "option '%s' needs a value", culprit);
    if (optopt >= HELP)
        return trine__misuse(command, "option '%s' takes no value", culprit);
    if (optopt != 0)
        return trine__misuse(command, "unknown option '-%c'", optopt);
    return trine__misuse(command, "unknown option '%s'", culprit);
}

int trine__options_parse(const struct trine__command *command, int argc, char **argv,
                         void *settings, int *ret_first)
{
    struct translated known;
    int found, status = -1;
    translate(command, &known);
    optind = 0;
    opterr = 0;
    while (status < 0 && (found = getopt_long(argc, argv, known.shorts, known.longs, NULL)) != -1) {
        if (found == ':' || found == '?') {
            status = refuse(command, found, argv[optind - 1]);
            continue;
        }
        const struct trine__option *option = entry_of(command, found);
        status = option != NULL ? take(command, option, optarg, settings) : print_help(command);
    }
    if (status < 0 && command->operands[0] == '\0' && optind < argc)
        return trine__misuse(command, "unexpected '%s'", argv[optind]);
    *ret_first = optind;
    return status;
}
