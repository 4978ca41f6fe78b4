/* SPDX-License-Identifier: MIT */
/* Bytes somebody else owns: a pointer and a length. Python: memoryview. */
#ifndef TRINE_BYTES_H
#define TRINE_BYTES_H

#include <stddef.h>

struct trine_slice {
    const char *data;
    size_t len;
};

#endif
