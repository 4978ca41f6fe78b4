/* SPDX-License-Identifier: MIT */
/* How many processors this process may use: those of its affinity mask, or fewer where a control
 * group (version 2 or 1) rations their time. In a container the path that the kernel names may lie
 * outside of what is mounted; groups without a file are passed over, and the walk up ends at the
 * mount's root, which is the container's own group. */
#include "sys/cpus.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not trine__sys_read: what a machine's control groups look like must not move a fault plan's
 * count. */
static ssize_t read_small(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    size_t len = 0;
    ssize_t got;
    while (len < size - 1 && (got = read(fd, buf + len, size - 1 - len)) > 0)
        len += (size_t)got;
    close(fd);
    buf[len] = '\0';
    return (ssize_t)len;
}

static int processors(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    long long count = quota / period + (quota % period > 0);
    return count < INT_MAX ? (int)count : INT_MAX;
}

/* "max 100000" or "150000 100000" in one file. */
static int quota_v2(const char *group)
{
    char path[PATH_MAX], text[64];
    long long quota, period;
    if (snprintf(path, sizeof path, "%s/cpu.max", group) >= (int)sizeof path ||
        read_small(path, text, sizeof text) <= 0)
        return 0;
    return sscanf(text, "%lld %lld", &quota, &period) == 2 ? processors(quota, period) : 0;
}

/* Two files, -1 for no limit. */
static int quota_v1(const char *group)
{
    char path[PATH_MAX], quota[64], period[64];
    if (snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", group) >= (int)sizeof path ||
        read_small(path, quota, sizeof quota) <= 0)
        return 0;
    if (snprintf(path, sizeof path, "%s/cpu.cfs_period_us", group) >= (int)sizeof path ||
        read_small(path, period, sizeof period) <= 0)
        return 0;
    return processors(atoll(quota), atoll(period));
}

static int lesser(int a, int b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* The group itself and each one above it, up to and including `root`. */
static int least_quota(const char *root, const char *group, int (*quota)(const char *))
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s%s", root, group), least = 0;
    if (len < 0 || len >= (int)sizeof path)
        return quota(root);
    for (;;) {
        least = lesser(least, quota(path));
        char *slash = strrchr(path, '/');
        if (strlen(path) <= strlen(root) || slash == NULL)
            return least;
        *slash = '\0';
    }
}

/* Whether a comma-separated list has `name` in it. */
static int lists(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *item = list; item != NULL; item = strchr(item, ',')) {
        item += *item == ',';
        if (strncmp(item, name, len) == 0 && (item[len] == ',' || item[len] == '\0'))
            return 1;
    }
    return 0;
}

/* One line of membership: number, controllers (none: version 2), path. */
static int quota_of_line(char *line, const char *root)
{
    char *controllers = strchr(line, ':');
    char *path = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (path == NULL)
        return 0;
    controllers++;
    *path++ = '\0';
    if (*controllers == '\0')
        return least_quota(root, path, quota_v2);
    char mount[PATH_MAX];
    if (!lists(controllers, "cpu") ||
        snprintf(mount, sizeof mount, "%s/cpu", root) >= (int)sizeof mount)
        return 0;
    return least_quota(mount, path, quota_v1);
}

int trine__cpus_quota(const char *membership, const char *root)
{
    char text[8192], *rest = NULL;
    int least = 0;
    if (read_small(membership, text, sizeof text) < 0)
        return 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        least = lesser(least, quota_of_line(line, root));
    return least;
}

/* The mask grows until the kernel's fits: machines with more than 1024 processors exist. */
static int affinity_count(pid_t thread)
{
    enum { MOST = 1 << 16 };
    for (int bits = CPU_SETSIZE; bits <= MOST; bits *= 2) {
        cpu_set_t *mask = CPU_ALLOC((size_t)bits);
        if (mask == NULL)
            return 1;
        size_t size = CPU_ALLOC_SIZE((size_t)bits);
        int count = sched_getaffinity(thread, size, mask) == 0 ? CPU_COUNT_S(size, mask) : 0;
        CPU_FREE(mask);
        if (count > 0)
            return count;
    }
    return 1;
}

static int with_quota(int count)
{
    return lesser(count, trine__cpus_quota("/proc/self/cgroup", "/sys/fs/cgroup"));
}

int trine__sys_cpu_count(void)
{
    return with_quota(affinity_count(0));
}

/* A mask is a thread's, not a process's. The first thread's, before anybody here has bound it to
 * one processor, is what the process was given. */
static int given;

static __attribute__((constructor)) void look_when_loaded(void)
{
    given = affinity_count(getpid());
}

bool trine__cpus_several(void)
{
    static _Atomic(int) known;
    int count = atomic_load_explicit(&known, memory_order_relaxed);
    if (count == 0)
        atomic_store_explicit(&known, count = with_quota(given), memory_order_relaxed);
    return count > 1;
}
