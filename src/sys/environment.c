/* SPDX-License-Identifier: MIT */
/* The environment variables of this process. */
#include "sys/sys.h"
#include <stdlib.h>

const char *trine__getenv(const char *name)
{
    return getenv(name);
}
