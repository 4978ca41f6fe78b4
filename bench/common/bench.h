/* SPDX-License-Identifier: MIT */
/* What every measuring program in C or C++ needs: clocks, memory readings, one line per figure.
 *
 * A program's first argument divides its counts (1 for a full run, 10 for a quick one), and it
 * prints `key value unit` lines; bench/driver/catalog.py says which key means what. */
#ifndef BENCH_H
#define BENCH_H

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t bench_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t bench_wall(void)
{
    return bench_clock(CLOCK_MONOTONIC);
}

/* CPU time of all threads of this process. */
static inline uint64_t bench_cpu(void)
{
    return bench_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static inline void bench_report(const char *key, double value, const char *unit)
{
    printf("%s %.9g %s\n", key, value, unit);
    fflush(stdout);
}

static inline void bench_die(const char *what)
{
    perror(what);
    exit(1);
}

/* `full` divided by the program's first argument. */
static inline long bench_count(int argc, char **argv, long full)
{
    long divisor = argc > 1 ? atol(argv[1]) : 1;
    return divisor > 1 ? full / divisor : full;
}

/* One number of /proc/self/status, in bytes: "VmRSS:", "VmPTE:", "VmHWM:" (the peak). */
static inline double bench_status(const char *field)
{
    char line[256];
    double bytes = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, field, strlen(field)) == 0)
            bytes = 1024.0 * (double)atol(line + strlen(field));
    if (file)
        fclose(file);
    return bytes;
}

/* What this process holds, all in: resident pages and the page tables that map them. */
static inline double bench_memory(void)
{
    return bench_status("VmRSS:") + bench_status("VmPTE:");
}

static inline double bench_peak_mib(void)
{
    return bench_status("VmHWM:") / (1024 * 1024);
}

static inline long bench_maps(void)
{
    long lines = 0;
    int c;
    FILE *file = fopen("/proc/self/maps", "r");
    while (file && (c = fgetc(file)) != EOF)
        lines += c == '\n';
    if (file)
        fclose(file);
    return lines;
}

/* The i-th of a fixed sequence of well mixed numbers (splitmix64), so that passes are comparable.
 */
static inline uint64_t bench_random(uint64_t i)
{
    uint64_t x = (i + 1) * 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

#endif
