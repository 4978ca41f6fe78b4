/* SPDX-License-Identifier: MIT */
#include "cli/sentence.h"
#include <trine/error.h>

const char *trine__sentence(int error)
{
    const struct trine_error *last = trine_error_last();
    const char *message = trine_error_code(last) == error ? trine_error_message(last) : "";
    return message[0] != '\0' ? message : trine_strerror(error);
}
