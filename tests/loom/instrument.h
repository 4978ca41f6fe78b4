/* SPDX-License-Identifier: MIT */
/* Included before everything else in the code that the explorer runs: a point before each atomic
 * operation, and its own futex, yield, memory, clock and thread-local places.
 *
 * As one thread runs at a time, the operations themselves are plain reads and writes. A weak
 * compare and exchange never fails without a reason here. */
#ifndef TRINE_TESTS_LOOM_INSTRUMENT_H
#define TRINE_TESTS_LOOM_INSTRUMENT_H

#include "core/thread_context.h"
#include "explorer.h"
#include "sys/cpus.h"
#include "sys/sys.h"
#include "thread/pause.h"
#include <stdatomic.h>
#include <sys/single_threaded.h>

/* ---- the world around */

#define __libc_single_threaded                0
#define trine__thread_here                    (*loom_thread_here())
#define trine__loop_here                      (*loom_loop_here())
#define trine__futex_wait                     loom_futex_wait
#define trine__futex_wake                     loom_futex_wake
#define trine__pause                          loom_yield
#define trine__sys_thread_yield               loom_yield
#define trine__cpus_several()                 false /* nobody spins in the hope of another core */
#define trine__clock_monotonic()              INT64_C(1)
#define trine__random_u64()                   UINT64_C(0) /* the same in every run */
#define trine__alloc_aligned(alignment, size) loom_alloc(size)
#define trine__alloc(size)                    loom_alloc(size)
#define trine__free(memory)                   ((void)(memory))

/* ---- atomic operations */

#define LOOM_POINT(operation, object)                                                              \
    loom_point((operation), (const volatile void *)(object), __FILE__, __LINE__)
#define LOOM_VALUE(object) __typeof__((void)0, *(object))

#define LOOM_LOAD(object) (LOOM_POINT("load", (object)), *(object))
#define LOOM_STORE(object, value)                                                                  \
    __extension__({                                                                                \
        LOOM_VALUE(object) loom_value = (value);                                                   \
        LOOM_POINT("store", (object));                                                             \
        *(object) = loom_value; /* what was there before may be garbage */                         \
        loom_changed();                                                                            \
    })
#define LOOM_UPDATE(operation, object, operand, operator)                                          \
    __extension__({                                                                                \
        __typeof__(object) loom_object = (object);                                                 \
        LOOM_VALUE(object) loom_value = (operand);                                                 \
        LOOM_POINT((operation), loom_object);                                                      \
        LOOM_VALUE(object) loom_before = *loom_object;                                             \
        *loom_object = operator loom_value;                                                        \
        if (*loom_object != loom_before)                                                           \
            loom_changed();                                                                        \
        loom_before;                                                                               \
    })
#define LOOM_EXCHANGE(object, value) LOOM_UPDATE("exchange", (object), (value), )
#define LOOM_ADD(object, value)      LOOM_UPDATE("add", (object), (value), loom_before +)
#define LOOM_SUB(object, value)      LOOM_UPDATE("subtract", (object), (value), loom_before -)
#define LOOM_COMPARE(object, expected, value)                                                      \
    __extension__({                                                                                \
        __typeof__(object) loom_object = (object);                                                 \
        LOOM_VALUE(object) *loom_expected = (expected);                                            \
        LOOM_VALUE(object) loom_value = (value);                                                   \
        LOOM_POINT("compare and exchange", loom_object);                                           \
        LOOM_VALUE(object) loom_before = *loom_object;                                             \
        bool loom_same = loom_before == *loom_expected;                                            \
        if (loom_same) {                                                                           \
            *loom_object = loom_value;                                                             \
            if (*loom_object != loom_before)                                                       \
                loom_changed();                                                                    \
        } else {                                                                                   \
            *loom_expected = loom_before;                                                          \
        }                                                                                          \
        loom_same;                                                                                 \
    })

#undef atomic_init
#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_exchange_explicit
#undef atomic_fetch_add
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub
#undef atomic_fetch_sub_explicit
#undef atomic_compare_exchange_strong
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit
#define atomic_init(object, value)                      ((void)(*(object) = (value)))
#define atomic_load(object)                             LOOM_LOAD(object)
#define atomic_load_explicit(object, order)             LOOM_LOAD(object)
#define atomic_store(object, value)                     LOOM_STORE(object, value)
#define atomic_store_explicit(object, value, order)     LOOM_STORE(object, value)
#define atomic_exchange(object, value)                  LOOM_EXCHANGE(object, value)
#define atomic_exchange_explicit(object, value, order)  LOOM_EXCHANGE(object, value)
#define atomic_fetch_add(object, value)                 LOOM_ADD(object, value)
#define atomic_fetch_add_explicit(object, value, order) LOOM_ADD(object, value)
#define atomic_fetch_sub(object, value)                 LOOM_SUB(object, value)
#define atomic_fetch_sub_explicit(object, value, order) LOOM_SUB(object, value)
#define atomic_compare_exchange_strong(object, was, to) LOOM_COMPARE(object, was, to)
#define atomic_compare_exchange_weak(object, was, to)   LOOM_COMPARE(object, was, to)
#define atomic_compare_exchange_strong_explicit(object, was, to, order, other)                     \
    LOOM_COMPARE(object, was, to)
#define atomic_compare_exchange_weak_explicit(object, was, to, order, other)                       \
    LOOM_COMPARE(object, was, to)
#define __atomic_thread_fence(order)              ((void)0) /* all is sequentially consistent */
#define __atomic_load_n(object, order)            LOOM_LOAD(object)
#define __atomic_store_n(object, value, order)    LOOM_STORE(object, value)
#define __atomic_exchange_n(object, value, order) LOOM_EXCHANGE(object, value)
#define __atomic_compare_exchange_n(object, was, to, weak, order, other)                           \
    LOOM_COMPARE(object, was, to)

#endif
