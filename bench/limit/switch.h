/* SPDX-License-Identifier: MIT */
/* The smallest useful stack switches on x86-64 (System V): the yardsticks of W1 and W2, no library.
 */
#ifndef LIMIT_SWITCH_H
#define LIMIT_SWITCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* Six callee-saved registers and the stack pointer. It ends in a jump: `ret` would be predicted to
 * return to the other side's call. */
void limit_jump(void **save, void *load);
__asm__(".text\n.p2align 4\n.globl limit_jump\n.type limit_jump,@function\n"
        "limit_jump:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  movq %rsp,(%rdi)\n  movq %rsi,%rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  popq %rcx\n  jmp *%rcx\n.size limit_jump,.-limit_jump\n");

/* The same with the control words of the SSE and x87 units, which the ABI counts as callee-saved
 * too: what a library has to do if tasks may change their rounding mode. */
void limit_jump_words(void **save, void *load);
__asm__(".text\n.p2align 4\n.globl limit_jump_words\n.type limit_jump_words,@function\n"
        "limit_jump_words:\n"
        "  pushq %rbp\n  pushq %rbx\n  pushq %r12\n  pushq %r13\n  pushq %r14\n  pushq %r15\n"
        "  subq $8,%rsp\n  stmxcsr (%rsp)\n  fnstcw 4(%rsp)\n"
        "  movq %rsp,(%rdi)\n  movq %rsi,%rsp\n"
        "  ldmxcsr (%rsp)\n  fldcw 4(%rsp)\n  addq $8,%rsp\n"
        "  popq %r15\n  popq %r14\n  popq %r13\n  popq %r12\n  popq %rbx\n  popq %rbp\n"
        "  popq %rcx\n  jmp *%rcx\n.size limit_jump_words,.-limit_jump_words\n");

/* In place: only stack pointer, frame pointer and resume address move by hand; the compiler saves
 * what happens to be alive, because everything else is declared lost. */
static inline void limit_inline(void **save, void *load)
{
    __asm__ volatile("leaq 1f(%%rip),%%rax\n pushq %%rbp\n pushq %%rax\n movq %%rsp,(%0)\n"
                     "movq %1,%%rsp\n popq %%rax\n popq %%rbp\n jmp *%%rax\n 1:\n"
                     : "+r"(save), "+r"(load)
                     :
                     : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
                       "r15", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                       "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
                       "memory", "cc");
}

/* First frames: what each switch finds when it enters `entry` for the first time. */
static inline void *limit_jump_frame(void *top, void (*entry)(void))
{
    uintptr_t *sp = (uintptr_t *)((uintptr_t)top & ~(uintptr_t)15);
    *--sp = 0;
    *--sp = (uintptr_t)entry;
    for (int i = 0; i < 6; i++)
        *--sp = 0;
    return sp;
}

static inline void *limit_jump_words_frame(void *top, void (*entry)(void))
{
    uintptr_t *sp = limit_jump_frame(top, entry);
    uint32_t mxcsr;
    uint16_t x87;
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(mxcsr), "=m"(x87));
    *--sp = mxcsr | (uintptr_t)x87 << 32;
    return sp;
}

static inline void *limit_inline_frame(void *top, void (*entry)(void))
{
    uintptr_t *sp = (uintptr_t *)((uintptr_t)top & ~(uintptr_t)15);
    *--sp = 0;
    *--sp = 0;
    *--sp = (uintptr_t)entry;
    return sp;
}

#define LIMIT_STACK ((size_t)65536)

/* `count` stacks in one mapping: nothing is resident before it is touched. */
static inline char *limit_stacks(size_t count)
{
    char *slab = mmap(NULL, LIMIT_STACK * count, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED)
        return NULL;
    madvise(slab, LIMIT_STACK * count, MADV_NOHUGEPAGE);
    return slab;
}

/* Tops differ by a few cache lines from stack to stack, or all would compete for one cache set. */
static inline char *limit_top(char *slab, size_t i)
{
    return slab + LIMIT_STACK * (i + 1) - (i % 16) * 128;
}

#endif
