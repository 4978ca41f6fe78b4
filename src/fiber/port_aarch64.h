/* SPDX-License-Identifier: MIT */
/* For tests: the callee-saved state of AArch64, set and looked at. */
#ifndef TRINE_FIBER_PORT_H
#define TRINE_FIBER_PORT_H

#include <stdint.h>

/* Another control word than the usual: rounding up. */
#define ODD_WORDS ((uint64_t)1 << 22)

static inline void set_words(uint64_t words)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(words));
}

/* Fills every callee-saved register from `seed`, calls pause(), and counts those that changed. */
static inline uint64_t registers_lost(uint64_t seed, void (*pause)(void))
{
    register uint64_t from __asm__("x0") = seed;
    register void (*call)(void) __asm__("x1") = pause;
    __asm__ volatile("str x0, [sp, #-16]!\n\t"
                     ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n\t"
                     "add x\\n, x0, #\\n\n\t"
                     ".endr\n\t"
                     ".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                     "add x2, x0, #\\n\n\tfmov d\\n, x2\n\t"
                     ".endr\n\t"
                     "blr x1\n\t"
                     "ldr x1, [sp], #16\n\t"
                     "mov x0, #0\n\t"
                     ".irp n, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28\n\t"
                     "add x2, x1, #\\n\n\tcmp x2, x\\n\n\tcinc x0, x0, ne\n\t"
                     ".endr\n\t"
                     ".irp n, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                     "add x2, x1, #\\n\n\tfmov x3, d\\n\n\tcmp x2, x3\n\tcinc x0, x0, ne\n\t"
                     ".endr\n\t"
                     : "+r"(from), "+r"(call)
                     :
                     : "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
                       "x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24",
                       "x25", "x26", "x27", "x28", "x30", "v0", "v1", "v2", "v3", "v4", "v5", "v6",
                       "v7", "v8", "v9", "v10", "v11", "v12", "v13", "v14", "v15", "v16", "v17",
                       "v18", "v19", "v20", "v21", "v22", "v23", "v24", "v25", "v26", "v27", "v28",
                       "v29", "v30", "v31", "memory", "cc");
    return from;
}

#endif
