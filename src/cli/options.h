/* SPDX-License-Identifier: MIT */
/* Options of a command: one table that getopt_long and the help text are both made from, so that
 * neither can know an option that the other does not. */
#ifndef TRINE_CLI_OPTIONS_H
#define TRINE_CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum trine__option_kind {
    TRINE__OPTION_FLAG,     /* bool */
    TRINE__OPTION_TEXT,     /* const char *, kept */
    TRINE__OPTION_NUMBER,   /* unsigned, from `least` to `most` */
    TRINE__OPTION_DURATION, /* int64_t nanoseconds, above 0: 500ms, 10s (or 10), 2m */
    TRINE__OPTION_SIZE,     /* size_t bytes, above 0: 4096, 10k, 1M, 2G */
    TRINE__OPTION_CALL      /* whatever `take` makes of it; may come again and again */
};

struct trine__option {
    const char *name;  /* the long one */
    char letter;       /* 0: none */
    uint8_t kind;      /* enum trine__option_kind */
    const char *value; /* its name in the help text; NULL for flags */
    const char *help;
    size_t offset; /* of the field in the command's settings */
    unsigned least, most;
    /* Returns -1 to go on, else the status to exit with. */
    int (*take)(void *settings, const char *text);
};

struct trine__command {
    const char *name;                    /* "fetch" */
    const char *operands;                /* "URL...", or "" where the command takes none */
    const char *about;                   /* what it does, in lines */
    const char *notes;                   /* examples and the like, after the options */
    const struct trine__option *options; /* up to one without a name */
};

/* Fills the fields of `settings` that options name; *ret_first is the first operand's index in
 * argv, whose operands stand last afterwards. Returns -1 to go on, else the status to exit with:
 * help was printed, or one line about what is wrong. */
int trine__options_parse(const struct trine__command *command, int argc, char **argv,
                         void *settings, int *ret_first);
/* One line about wrong use of the command on standard error. Returns the exit status. */
int trine__misuse(const struct trine__command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
