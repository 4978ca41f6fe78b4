/* SPDX-License-Identifier: MIT */
/* How many stacks of this process are guarded, asked of the kernel and not of whoever made them.
 *
 * A lightweight guard is a bit in the page tables (shown in /proc/self/pagemap since Linux 6.15), a
 * guard by mprotect is a mapping without any permission. */
#ifndef BENCH_GUARDS_H
#define BENCH_GUARDS_H

#include "bench.h"

#define BENCH_PAGEMAP_GUARD ((uint64_t)1 << 58)

static inline long bench_guards_between(int pagemap, uint64_t page, uint64_t end)
{
    static uint64_t entries[8192];
    long guards = 0;
    while (page < end) {
        size_t want = end - page < 8192 ? (size_t)(end - page) : 8192;
        ssize_t got = pread(pagemap, entries, want * 8, (off_t)(page * 8));
        if (got <= 0)
            break;
        for (size_t i = 0; i < (size_t)got / 8; i++)
            guards += (entries[i] & BENCH_PAGEMAP_GUARD) != 0;
        page += (uint64_t)got / 8;
    }
    return guards;
}

static inline long bench_guards(void)
{
    char line[512], mode[5];
    uint64_t low, high, page = (uint64_t)sysconf(_SC_PAGESIZE);
    long guards = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s", &low, &high, mode) != 3)
            continue;
        if (strcmp(mode, "---p") == 0 && high - low <= 16 * page)
            guards++;
        else if (strcmp(mode, "rw-p") == 0)
            guards += bench_guards_between(pagemap, low / page, high / page);
    }
    if (maps)
        fclose(maps);
    close(pagemap);
    return guards;
}

#endif
