/* SPDX-License-Identifier: MIT */
#include "cli/compare_family.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHILDREN_TEXT_MAX 16384 /* some 2,000 children of one process */
#define GENERATIONS_MAX   8

/* A small file, NUL-terminated; "" if it cannot be read. */
static void read_file(const char *path, char *text, size_t size)
{
    size_t len = 0;
    ssize_t got = 0;
    int fd = trine__sys_openat(AT_FDCWD, path, O_RDONLY, 0);
    if (fd >= 0) {
        while (len + 1 < size && (got = trine__sys_read(fd, text + len, size - 1 - len)) > 0)
            len += (size_t)got;
        trine__sys_close(fd);
    }
    text[len] = '\0';
}

/* "12 34 56 ": children that the main thread of `pid` has started or inherited. */
static void read_children(pid_t pid, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    read_file(path, text, size);
}

static int64_t peak_of(pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    read_file(path, text, sizeof text);
    const char *line = strstr(text, "\nVmHWM:");
    return line != NULL ? strtoll(line + sizeof "\nVmHWM:" - 1, NULL, 10) : 0;
}

static int64_t peak_of_tree(pid_t pid, int generations)
{
    int64_t sum = peak_of(pid);
    char *text = generations > 0 ? trine__alloc(CHILDREN_TEXT_MAX) : NULL;
    if (text == NULL)
        return sum;
    read_children(pid, text, CHILDREN_TEXT_MAX);
    char *rest = NULL;
    for (char *at = strtok_r(text, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest))
        sum += peak_of_tree((pid_t)strtol(at, NULL, 10), generations - 1);
    trine__free(text);
    return sum;
}

int64_t trine__family_peak_kib(void)
{
    return peak_of_tree(getpid(), GENERATIONS_MAX);
}

/* "ran waited turns" */
int64_t trine__family_starved_ns(void)
{
    char text[128];
    long long ran, waited = 0;
    read_file("/proc/self/schedstat", text, sizeof text);
    return sscanf(text, "%lld %lld", &ran, &waited) == 2 ? waited : 0;
}

void trine__family_end(void)
{
    char text[4096];
    siginfo_t info;
    do {
        read_children(getpid(), text, sizeof text);
        char *rest = NULL;
        for (char *at = strtok_r(text, " ", &rest); at != NULL; at = strtok_r(NULL, " ", &rest))
            trine__sys_kill((pid_t)strtol(at, NULL, 10), SIGKILL);
    } while (trine__sys_waitid(P_ALL, 0, &info, WEXITED) == 0);
}
