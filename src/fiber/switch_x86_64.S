/* SPDX-License-Identifier: MIT */
/* The beginnings of a fiber on x86-64, System V ABI; the switch is inline, in swap_x86_64.h, and says
 * what a saved frame looks like. Shadow stacks are not switched, so the note at the end does not claim
 * them and trine__fiber_supported() refuses them. */

    .text

/* Where a new fiber begins, on the frame that trine__fiber_frame() laid out: above it are its function
 * and the argument. The frame stays, so that the fiber can begin again. It has no caller, which the
 * undefined return address tells debuggers. */
    .p2align 4
    .globl  trine__fiber_begin
    .hidden trine__fiber_begin
    .type   trine__fiber_begin, @function
trine__fiber_begin:
    .cfi_startproc
    .cfi_undefined rip
    endbr64
    movq    (%rsp), %rax
    movq    8(%rsp), %rdi
    leaq    -32(%rsp), %rsp             /* below the frame */
    leaq    1f(%rip), %rcx              /* a call that the processor does not remember: */
    pushq   %rcx                        /* nobody returns here, and the returns of others */
    jmp     *%rax                       /* would all be predicted wrong */
1:  ud2
    .cfi_endproc
    .size   trine__fiber_begin, . - trine__fiber_begin

/* void *trine__fiber_frame(void *high, void (*entry)(void *), void *arg, uint64_t words):
 * lays out a saved frame for a new fiber and returns its stack pointer. */
    .p2align 4
    .globl  trine__fiber_frame
    .hidden trine__fiber_frame
    .type   trine__fiber_frame, @function
trine__fiber_frame:
    .cfi_startproc
    endbr64
    andq    $-16, %rdi
    movq    %rdx, -8(%rdi)
    movq    %rsi, -16(%rdi)
    leaq    trine__fiber_begin(%rip), %rax
    movq    %rax, -24(%rdi)
    xorl    %eax, %eax
    movq    %rax, -32(%rdi)             /* rbp: the end of the chain of frames */
    movq    %rcx, -40(%rdi)
    leaq    -40(%rdi), %rax
    ret
    .cfi_endproc
    .size   trine__fiber_frame, . - trine__fiber_frame

/* uint64_t trine__fiber_words(void): the control words of this thread now, in the frame's form. */
    .p2align 4
    .globl  trine__fiber_words
    .hidden trine__fiber_words
    .type   trine__fiber_words, @function
trine__fiber_words:
    .cfi_startproc
    endbr64
    stmxcsr -8(%rsp)
    fnstcw  -4(%rsp)
    movl    -8(%rsp), %eax
    andl    $0xffc0, %eax
    movzwl  -4(%rsp), %edx
    shlq    $32, %rdx
    orq     %rdx, %rax
    ret
    .cfi_endproc
    .size   trine__fiber_words, . - trine__fiber_words

/* int trine__fiber_shadow(void): whether this thread runs with a shadow stack. rdsspq leaves its
 * operand alone where there is none. */
    .p2align 4
    .globl  trine__fiber_shadow
    .hidden trine__fiber_shadow
    .type   trine__fiber_shadow, @function
trine__fiber_shadow:
    .cfi_startproc
    endbr64
    xorl    %eax, %eax
    rdsspq  %rax
    testq   %rax, %rax
    setne   %al
    movzbl  %al, %eax
    ret
    .cfi_endproc
    .size   trine__fiber_shadow, . - trine__fiber_shadow

    .section .note.GNU-stack, "", @progbits

    .section .note.gnu.property, "a"    /* indirect branch tracking, yes; shadow stack, no */
    .p2align 3
    .long   4, 16, 5
    .asciz  "GNU"
    .long   0xc0000002, 4, 1, 0
