/* SPDX-License-Identifier: MIT */
/* One sentence for each code. */
#include <string.h>
#include <trine/error.h>

const char *trine_strerror(int error)
{
    switch (error) {
    case TRINE_EEOF:
        return "Unexpected end of stream";
    case TRINE_ELIMIT:
        return "A limit was exceeded";
    case TRINE_EFORKED:
        return "Trine does not run in a forked child";
    case TRINE_EWORKERDIED:
        return "The worker process died";
    case TRINE_EPOOLBROKEN:
        return "The pool is broken: its workers died too often";
    case TRINE_ENOJOB:
        return "The function is not registered with TRINE_JOB";
    case TRINE_ENOLOOP:
        return "No loop runs in this thread: call it from inside trine_run()";
    case TRINE_ERESOLVE:
        return "The host name does not resolve";
    case TRINE_EURL:
        return "The URL cannot be used";
    case TRINE_ETLS:
        return "TLS failed";
    case TRINE_EHTTP:
        return "The peer broke the HTTP protocol";
    case TRINE_EHTTPSTATUS:
        return "The HTTP status is an error";
    case -ETIMEDOUT: /* the kernel's word speaks of connections only */
        return "Timed out";
    default: {
        /* strerrordesc_np is static text, unlike strerror, and safe from any thread. */
        const char *text = error >= 0 ? "Success" : strerrordesc_np(-error);
        return text != NULL ? text : "Unknown error";
    }
    }
}
