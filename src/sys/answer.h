/* SPDX-License-Identifier: MIT */
/* The C library's way of failing, turned into ours: -1 and errno become -errno. */
#ifndef TRINE_SYS_ANSWER_H
#define TRINE_SYS_ANSWER_H

#include <errno.h>
#include <stdint.h>

static inline int64_t trine__answer(int64_t result)
{
    return result < 0 ? -errno : result;
}

/* Evaluates `call` again for as long as its answer is -EINTR. */
#define TRINE__RETRY(call)                                                                         \
    ({                                                                                             \
        int64_t answer_;                                                                           \
        do {                                                                                       \
            answer_ = (call);                                                                      \
        } while (answer_ == -EINTR);                                                               \
        answer_;                                                                                   \
    })

#endif
