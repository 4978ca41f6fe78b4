/* SPDX-License-Identifier: MIT */
/* The switch for x86-64, System V ABI, inline.
 *
 * A saved fiber's stack, upwards from its saved stack pointer:
 *
 *      0  MXCSR (4 bytes), x87 control word (2), unused (2)
 *      8  rbp
 *     16  the address to go on at
 *     24  the red zone of the function around, 128 bytes, if it has one
 *
 * It is inline because a called switch cannot end well: with a `ret` the processor predicts the
 * side that was left, with a jump its stack of return addresses keeps one entry too many and every
 * return after it is predicted wrong. Without a call both are right: a task that parks, lets
 * another start and end, and goes on costs some 20 ns less (docs/decisions/0006). All other
 * registers are named as lost, so that the compiler saves those in use, once, where the function
 * begins; rbp it does not give away.
 *
 * Of the control words the x87's is loaded only when the two sides differ, but MXCSR always: its
 * load is cheap, and reading back what stmxcsr has just stored, to compare, is not. `notrack` is
 * for indirect branch tracking: the place gone on at has no landing pad. A debugger that wants to
 * see a saved fiber sets rip, rbp and rsp from the frame above (tools/check-backtrace does). */
#ifndef TRINE_FIBER_SWAP_X86_64_H
#define TRINE_FIBER_SWAP_X86_64_H

/* Builds for AVX-512 have registers that others cannot name. */
#ifdef __AVX512F__
#define TRINE__SWAP_MORE                                                                           \
    , "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", "xmm25",    \
        "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6",  \
        "k7"
#else
#define TRINE__SWAP_MORE
#endif

/* Where the function around may keep something below the stack pointer, the frame goes below that.
 * The library is compiled so that none does: then a saved fiber touches a cache line less. */
#ifdef TRINE__NO_RED_ZONE
#define TRINE__SWAP_DOWN ""
#define TRINE__SWAP_UP   ""
#else
#define TRINE__SWAP_DOWN "leaq -128(%%rsp), %%rsp\n\t"
#define TRINE__SWAP_UP   "leaq 128(%%rsp), %%rsp"
#endif

#define TRINE__SWAP_LOST                                                                           \
    "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",      \
        "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",  \
        "xmm12", "xmm13", "xmm14", "xmm15", "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)",     \
        "st(6)", "st(7)", "memory", "cc" TRINE__SWAP_MORE

/* On the stack gone to; ax is the x87 control word now. */
#define TRINE__SWAP_ARRIVE                                                                         \
    "ldmxcsr (%%rsp)\n\t"                                                                          \
    "cmpw 4(%%rsp), %%ax\n\t"                                                                      \
    "jne 3f\n"                                                                                     \
    "2:\tleaq 8(%%rsp), %%rsp\n\t"                                                                 \
    "popq %%rbp\n\t"                                                                               \
    "popq %%rcx\n\t"                                                                               \
    "notrack jmp *%%rcx\n"                                                                         \
    "3:\tfldcw 4(%%rsp)\n\t"                                                                       \
    "jmp 2b\n"

static inline __attribute__((always_inline)) void trine__fiber_swap(void **save_sp, void *load_sp)
{
    register void *frame __asm__(
        "rsp"); /* an operand, so that the function around keeps a frame pointer */
    __asm__ volatile(TRINE__SWAP_DOWN "leaq 1f(%%rip), %%rax\n\t"
                                      "pushq %%rax\n\t"
                                      "pushq %%rbp\n\t"
                                      "pushq %%rax\n\t"
                                      "stmxcsr (%%rsp)\n\t"
                                      "fnstcw 4(%%rsp)\n\t"
                                      "movzwl 4(%%rsp), %%eax\n\t"
                                      "movq %%rsp, (%0)\n\t"
                                      "movq %1, %%rsp\n\t" TRINE__SWAP_ARRIVE "1:\t" TRINE__SWAP_UP
                     : "+D"(save_sp), "+S"(load_sp), "+r"(frame)
                     :
                     : TRINE__SWAP_LOST);
}

/* Goes on at load_sp and leaves nothing behind: the running code is over. */
static inline __attribute__((always_inline, noreturn)) void trine__fiber_jump(void *load_sp)
{
    __asm__ volatile("fnstcw -8(%%rsp)\n\t"
                     "movzwl -8(%%rsp), %%eax\n\t"
                     "movq %0, %%rsp\n\t" TRINE__SWAP_ARRIVE
                     :
                     : "S"(load_sp)
                     : "rax", "memory");
    __builtin_unreachable();
}

/* The saved stack pointer that trine__fiber_frame() returns for this `high`. What lies there stays
 * as it is when the fiber runs. */
static inline void *trine__fiber_first_frame(void *high)
{
    return (char *)((uintptr_t)high & ~(uintptr_t)15) - 40;
}

#endif
