/* SPDX-License-Identifier: MIT */
/* The hint for a spinning loop, on each processor. */
#ifndef TRINE_THREAD_PAUSE_H
#define TRINE_THREAD_PAUSE_H

#if defined(__x86_64__)
static inline void trine__pause(void)
{
    __builtin_ia32_pause();
}
#else
static inline void trine__pause(void)
{
    __asm__ volatile("yield");
}
#endif

#endif
