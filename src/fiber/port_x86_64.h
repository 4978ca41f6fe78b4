/* SPDX-License-Identifier: MIT */
/* For tests: the callee-saved state of x86-64, set and looked at. */
#ifndef TRINE_FIBER_PORT_H
#define TRINE_FIBER_PORT_H

#include <stdint.h>

/* Other control words than the usual: MXCSR and x87 rounding up. */
#define ODD_WORDS ((uint64_t)0x0b7f << 32 | 0x5f80)

static inline void set_words(uint64_t words)
{
    uint32_t mxcsr = (uint32_t)words;
    uint16_t x87 = (uint16_t)(words >> 32);
    __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(mxcsr), "m"(x87));
}

/* Fills every callee-saved register from `seed`, calls pause(), and counts those that changed. */
static inline uint64_t registers_lost(uint64_t seed, void (*pause)(void))
{
    uint64_t lost;
    __asm__ volatile("movq %%rsp, %%r15\n\t"
                     "leaq -128(%%rsp), %%rsp\n\t"
                     "andq $-16, %%rsp\n\t"
                     "pushq %1\n\t"
                     "pushq %%r15\n\t"
                     "leaq 1(%1), %%rbx\n\t"
                     "leaq 2(%1), %%r12\n\t"
                     "leaq 3(%1), %%r13\n\t"
                     "leaq 4(%1), %%r14\n\t"
                     "call *%2\n\t"
                     "xorl %%eax, %%eax\n\t"
                     "movq 8(%%rsp), %%rcx\n\t"
                     "incq %%rcx\n\tcmpq %%rcx, %%rbx\n\tsetne %%dl\n\taddb %%dl, %%al\n\t"
                     "incq %%rcx\n\tcmpq %%rcx, %%r12\n\tsetne %%dl\n\taddb %%dl, %%al\n\t"
                     "incq %%rcx\n\tcmpq %%rcx, %%r13\n\tsetne %%dl\n\taddb %%dl, %%al\n\t"
                     "incq %%rcx\n\tcmpq %%rcx, %%r14\n\tsetne %%dl\n\taddb %%dl, %%al\n\t"
                     "cmpq (%%rsp), %%r15\n\tsetne %%dl\n\taddb %%dl, %%al\n\t"
                     "movq (%%rsp), %%rsp\n\t"
                     : "=&a"(lost), "+S"(seed), "+D"(pause)
                     :
                     : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
                       "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory",
                       "cc");
    return lost;
}

#endif
