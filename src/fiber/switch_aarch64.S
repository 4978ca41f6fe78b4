/* SPDX-License-Identifier: MIT */
/* The switch for AArch64, AAPCS64.
 *
 * A saved fiber's stack, upwards from its saved stack pointer:
 *
 *      0  x19 to x28
 *     80  x29, and in x30's place the address to go on at
 *     96  d8 to d15
 *    160  FPCR, unused                                                     (176 bytes in all)
 *
 * FPCR is read always and written only when it differs: writing it drains the pipeline.
 *
 * The switch ends in a jump through a register, since a `ret` would be predicted to the wrong side.
 * The place gone on at is an ordinary return address, though, which branch target identification
 * allows only to `ret`. So a build that asks for BTI gets `ret` and the note that says it is fit for
 * it; others get the jump and no note. Guarded control stacks are not switched, and
 * trine__fiber_supported() refuses them. */

#ifdef __ARM_FEATURE_BTI_DEFAULT
#define RESUME ret
#else
#define RESUME br x30
#endif

#define BTI_C  hint #34
#define BTI_JC hint #38

    .text

/* void trine__fiber_swap(void **save_sp, void *load_sp) */
    .p2align 4
    .globl  trine__fiber_swap
    .hidden trine__fiber_swap
    .type   trine__fiber_swap, %function
trine__fiber_swap:
    .cfi_startproc
    BTI_C
    mrs     x9, fpcr
    stp     x19, x20, [sp, #-176]!
    .cfi_def_cfa_offset 176
    .cfi_rel_offset x19, 0
    .cfi_rel_offset x20, 8
    stp     x21, x22, [sp, #16]
    .cfi_rel_offset x21, 16
    .cfi_rel_offset x22, 24
    stp     x23, x24, [sp, #32]
    .cfi_rel_offset x23, 32
    .cfi_rel_offset x24, 40
    stp     x25, x26, [sp, #48]
    .cfi_rel_offset x25, 48
    .cfi_rel_offset x26, 56
    stp     x27, x28, [sp, #64]
    .cfi_rel_offset x27, 64
    .cfi_rel_offset x28, 72
    stp     x29, x30, [sp, #80]
    .cfi_rel_offset x29, 80
    .cfi_rel_offset x30, 88
    stp     d8, d9, [sp, #96]
    .cfi_rel_offset b8, 96
    .cfi_rel_offset b9, 104
    stp     d10, d11, [sp, #112]
    .cfi_rel_offset b10, 112
    .cfi_rel_offset b11, 120
    stp     d12, d13, [sp, #128]
    .cfi_rel_offset b12, 128
    .cfi_rel_offset b13, 136
    stp     d14, d15, [sp, #144]
    .cfi_rel_offset b14, 144
    .cfi_rel_offset b15, 152
    str     x9, [sp, #160]
    mov     x10, sp
    str     x10, [x0]
    mov     sp, x1

/* From here on it is the other side; its frame has the same shape. A debugger that wants to unwind
 * a saved fiber starts here with the saved stack pointer. */
    .globl  trine__fiber_saved
    .hidden trine__fiber_saved
trine__fiber_saved:                     /* x9: FPCR now */
    ldr     x10, [sp, #160]
    cmp     x9, x10
    b.ne    2f
1:  ldp     d14, d15, [sp, #144]
    ldp     d12, d13, [sp, #128]
    ldp     d10, d11, [sp, #112]
    ldp     d8, d9, [sp, #96]
    ldp     x29, x30, [sp, #80]
    ldp     x27, x28, [sp, #64]
    ldp     x25, x26, [sp, #48]
    ldp     x23, x24, [sp, #32]
    ldp     x21, x22, [sp, #16]
    .cfi_remember_state
    ldp     x19, x20, [sp], #176
    .cfi_def_cfa_offset 0
    .cfi_restore x19
    .cfi_restore x20
    .cfi_restore x21
    .cfi_restore x22
    .cfi_restore x23
    .cfi_restore x24
    .cfi_restore x25
    .cfi_restore x26
    .cfi_restore x27
    .cfi_restore x28
    .cfi_restore x29
    .cfi_restore x30
    .cfi_restore b8
    .cfi_restore b9
    .cfi_restore b10
    .cfi_restore b11
    .cfi_restore b12
    .cfi_restore b13
    .cfi_restore b14
    .cfi_restore b15
    RESUME
2:  .cfi_restore_state
    msr     fpcr, x10
    b       1b
    .cfi_endproc
    .size   trine__fiber_swap, . - trine__fiber_swap

/* Where a new fiber begins: x19 is its function, x20 the argument. It has no caller, which the
 * undefined return address tells debuggers. */
    .p2align 4
    .globl  trine__fiber_begin
    .hidden trine__fiber_begin
    .type   trine__fiber_begin, %function
trine__fiber_begin:
    .cfi_startproc
    .cfi_undefined x30
    BTI_JC
    mov     x0, x20
    blr     x19
    brk     #1
    .cfi_endproc
    .size   trine__fiber_begin, . - trine__fiber_begin

/* void *trine__fiber_frame(void *high, void (*entry)(void *), void *arg, uint64_t words):
 * lays out the frame above for a new fiber and returns its stack pointer. */
    .p2align 4
    .globl  trine__fiber_frame
    .hidden trine__fiber_frame
    .type   trine__fiber_frame, %function
trine__fiber_frame:
    .cfi_startproc
    BTI_C
    and     x9, x0, #-16
    sub     x0, x9, #176
    adrp    x10, trine__fiber_begin
    add     x10, x10, :lo12:trine__fiber_begin
    stp     x1, x2, [x0]                /* x19, x20 */
    stp     xzr, x10, [x0, #80]         /* x29: the end of the chain of frames */
    str     x3, [x0, #160]              /* the rest may hold anything */
    ret
    .cfi_endproc
    .size   trine__fiber_frame, . - trine__fiber_frame

/* uint64_t trine__fiber_words(void): the control word of this thread now. */
    .p2align 4
    .globl  trine__fiber_words
    .hidden trine__fiber_words
    .type   trine__fiber_words, %function
trine__fiber_words:
    .cfi_startproc
    BTI_C
    mrs     x0, fpcr
    ret
    .cfi_endproc
    .size   trine__fiber_words, . - trine__fiber_words

/* int trine__fiber_shadow(void): whether this thread runs with a guarded control stack. chkfeat
 * (hint 40) clears the bit if so, and does nothing on processors without it. */
    .p2align 4
    .globl  trine__fiber_shadow
    .hidden trine__fiber_shadow
    .type   trine__fiber_shadow, %function
trine__fiber_shadow:
    .cfi_startproc
    BTI_C
    mov     x16, #1
    hint    #40
    eor     x0, x16, #1
    ret
    .cfi_endproc
    .size   trine__fiber_shadow, . - trine__fiber_shadow

    .section .note.GNU-stack, "", %progbits

#ifdef __ARM_FEATURE_BTI_DEFAULT
    .section .note.gnu.property, "a"
    .p2align 3
    .long   4, 16, 5
    .asciz  "GNU"
    .long   0xc0000000, 4, 1, 0
#endif
