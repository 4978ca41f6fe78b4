/* SPDX-License-Identifier: MIT */
/* The commands of the program. Each gets the arguments from its own name on and returns the exit
 * status. */
#ifndef TRINE_CLI_COMMANDS_H
#define TRINE_CLI_COMMANDS_H

/* Exit statuses that all commands share. */
enum {
    TRINE__EXIT_OK = 0,
    TRINE__EXIT_FAILED = 1,
    TRINE__EXIT_USAGE = 2,
    TRINE__EXIT_INTERRUPTED = 130
};

int trine__fetch(int argc, char **argv);
int trine__httpbin(int argc, char **argv);

#endif
