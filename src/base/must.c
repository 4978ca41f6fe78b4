/* SPDX-License-Identifier: MIT */
#include "base/must.h"
#include "sys/sys.h"
#include <stdlib.h>
#include <string.h>

void trine__must_fail(const char *sentence)
{
    struct iovec parts[] = {
        { (void *)"trine: ", 7 },
        { (void *)sentence, strlen(sentence) },
        { (void *)"\n", 1 },
    };
    (void)trine__sys_writev(2, parts, 3);
    abort();
}
