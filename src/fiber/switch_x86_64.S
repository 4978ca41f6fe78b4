/* SPDX-License-Identifier: MIT */
/* The switch for x86-64, System V ABI.
 *
 * A saved fiber's stack, upwards from its saved stack pointer:
 *
 *      0  MXCSR (4 bytes), x87 control word (2), unused (2)
 *      8  r15  r14  r13  r12  rbx  rbp
 *     56  the address to go on at
 *
 * The switch ends in a jump: a `ret` would be predicted to the wrong side every time. Of the control
 * words the x87's is loaded only when the two sides differ, but MXCSR always: its load is cheap, and
 * reading back what stmxcsr has just stored, to compare, is not. (stmxcsr itself is nearly all that
 * the control words cost; nothing else can tell whether a fiber changed its rounding.)
 *
 * `notrack` and endbr64 are for indirect branch tracking: the place gone on at is an ordinary return
 * address without a landing pad. Shadow stacks are not switched, so the note at the end does not
 * claim them and trine__fiber_supported() refuses them. */

    .text

/* void trine__fiber_swap(void **save_sp, void *load_sp) */
    .p2align 4
    .globl  trine__fiber_swap
    .hidden trine__fiber_swap
    .type   trine__fiber_swap, @function
trine__fiber_swap:
    .cfi_startproc
    endbr64
    stmxcsr -56(%rsp)                   /* where the pushes will end, within the red zone */
    fnstcw  -52(%rsp)
    pushq   %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    pushq   %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq   %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq   %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq   %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq   %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    leaq    -8(%rsp), %rsp
    .cfi_adjust_cfa_offset 8
    movzwl  4(%rsp), %eax
    movq    %rsp, (%rdi)
    movq    %rsi, %rsp

/* From here on it is the other side; its frame has the same shape. A debugger that wants to unwind
 * a saved fiber starts here with the saved stack pointer. */
    .globl  trine__fiber_saved
    .hidden trine__fiber_saved
trine__fiber_saved:                     /* ax: the x87 control word now */
    ldmxcsr (%rsp)
    cmpw    4(%rsp), %ax
    jne     2f
1:  leaq    8(%rsp), %rsp
    .cfi_adjust_cfa_offset -8
    .cfi_remember_state
    popq    %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq    %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq    %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq    %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq    %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq    %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    popq    %rcx
    .cfi_adjust_cfa_offset -8
    .cfi_register rip, rcx
    notrack jmp *%rcx
2:  .cfi_restore_state
    .cfi_adjust_cfa_offset 8
    fldcw   4(%rsp)
    jmp     1b
    .cfi_endproc
    .size   trine__fiber_swap, . - trine__fiber_swap

/* void trine__fiber_resume(void *load_sp): the second half alone. */
    .p2align 4
    .globl  trine__fiber_resume
    .hidden trine__fiber_resume
    .type   trine__fiber_resume, @function
trine__fiber_resume:
    .cfi_startproc
    endbr64
    fnstcw  -8(%rsp)
    movzwl  -8(%rsp), %eax
    movq    %rdi, %rsp
    jmp     trine__fiber_saved
    .cfi_endproc
    .size   trine__fiber_resume, . - trine__fiber_resume

/* Where a new fiber begins: r12 is its function, r13 the argument. It has no caller, which the
 * undefined return address tells debuggers. */
    .p2align 4
    .globl  trine__fiber_begin
    .hidden trine__fiber_begin
    .type   trine__fiber_begin, @function
trine__fiber_begin:
    .cfi_startproc
    .cfi_undefined rip
    endbr64
    movq    %r13, %rdi
    call    *%r12
    ud2
    .cfi_endproc
    .size   trine__fiber_begin, . - trine__fiber_begin

/* void *trine__fiber_frame(void *high, void (*entry)(void *), void *arg, uint64_t words):
 * lays out the frame above for a new fiber and returns its stack pointer. */
    .p2align 4
    .globl  trine__fiber_frame
    .hidden trine__fiber_frame
    .type   trine__fiber_frame, @function
trine__fiber_frame:
    .cfi_startproc
    endbr64
    andq    $-16, %rdi
    leaq    trine__fiber_begin(%rip), %rax
    movq    %rax, -8(%rdi)
    xorl    %eax, %eax
    movq    %rax, -16(%rdi)             /* rbp: the end of the chain of frames */
    movq    %rsi, -32(%rdi)             /* r12 */
    movq    %rdx, -40(%rdi)             /* r13; the rest may hold anything */
    movq    %rcx, -64(%rdi)
    leaq    -64(%rdi), %rax
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
