/* SPDX-License-Identifier: MIT */
/* The program `trine`: a table of commands. */
#include "cli/commands.h"
#include "cli/compare.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *about;
} commands[] = {
    { "compare", trine__compare,
      "the same work serially, in threads, as coroutines, in processes" },
    { "fetch", trine__fetch, "many URLs at once" },
    { "httpbin", trine__httpbin, "a test server" },
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int print_help(void)
{
    printf("Usage: trine COMMAND [OPTION]...\n\nCommands:\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-9s %s\n", commands[i].name, commands[i].about);
    printf("\nOptions:\n"
           "  -h, --help     this text; after a command, that command's\n"
           "  -V, --version  the version\n"
           "\nExamples:\n"
           "  trine compare\n"
           "  trine fetch -O https://example.org/a.html https://example.org/b.html\n"
           "  trine httpbin --port 8000\n");
    return fflush(stdout) != 0 ? TRINE__EXIT_FAILED : TRINE__EXIT_OK;
}

static int print_version(void)
{
    puts("trine " TRINE__VERSION);
    return fflush(stdout) != 0 ? TRINE__EXIT_FAILED : TRINE__EXIT_OK;
}

static int misuse(const char *what, const char *word)
{
    fprintf(stderr, "trine: %s%s%s%s; try 'trine --help'\n", what, word[0] != '\0' ? " '" : "",
            word, word[0] != '\0' ? "'" : "");
    return TRINE__EXIT_USAGE;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return misuse("which command?", "");
    const char *name = argv[1];
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(name, commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return print_help();
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        return print_version();
    return misuse(name[0] == '-' ? "unknown option" : "unknown command", name);
}
