/* SPDX-License-Identifier: MIT */
/* Errors. Python: exceptions with a cause, and exception groups.
 *
 * Every function returns an int (or ssize_t): >= 0 is fine, a negative value is -errno or one of
 * the TRINE_E codes below. errno itself is never part of the interface: it belongs to a thread, and
 * tasks switch between a failure and its reading. Failures that need a sentence carry an error
 * object too. */
#ifndef TRINE_ERROR_H
#define TRINE_ERROR_H

#include <errno.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TRINE_PUBLIC           __attribute__((visibility("default")))
#define TRINE_MUST_CHECK       __attribute__((warn_unused_result))
#define TRINE_PRINTF(at, rest) __attribute__((format(printf, at, rest)))
#endif

/* "file.c:12", as one literal. */
#define TRINE__TEXT2(x) #x
#define TRINE__TEXT(x)  TRINE__TEXT2(x)
#define TRINE__HERE     __FILE__ ":" TRINE__TEXT(__LINE__)

/* Codes of our own, beyond every errno. */
enum {
    TRINE_EEOF = -4097,        /* the other side ended the stream in the middle of something */
    TRINE_ELIMIT = -4098,      /* a named limit was exceeded (size, count) */
    TRINE_EFORKED = -4099,     /* called in a fork()ed child of a process that runs Trine */
    TRINE_EWORKERDIED = -4100, /* the worker process died while it held this job */
    TRINE_EPOOLBROKEN = -4101, /* workers died too often; the pool gave up */
    TRINE_ENOJOB = -4102,      /* the function is not registered with TRINE_JOB */
    TRINE_ENOLOOP = -4103,     /* needs a running loop: call it from inside trine_run() */
    TRINE_ERESOLVE = -4104,    /* a host name does not resolve */
    TRINE_EURL = -4105,        /* a URL cannot be parsed, or its scheme is not supported */
    TRINE_ETLS = -4106,        /* TLS: certificate or handshake */
    TRINE_EHTTP = -4107,       /* the peer does not speak HTTP as it should */
    TRINE_EHTTPSTATUS = -4108, /* the answer's status is an error (400 and above) */
    TRINE_EOWNERDEAD = -4109   /* who owned the lock ended without unlocking it */
};

/* One sentence for a code, static. Never NULL; safe from any thread. */
TRINE_PUBLIC const char *trine_strerror(int error);

/* What went wrong, as an immutable tree. Borrowed from the object it was read from (a future, a
 * group, this task) and valid as long as that. */
struct trine_error;

/* Fails with a sentence: keeps it as this task's (or thread's) last error and returns `code`, so
 * that `return trine_fail(-ENOENT, "no chapter %d", n);` gives the awaiting side both. Memory
 * trouble keeps the code and drops the sentence.
 * Threads: any. */
TRINE_PUBLIC int trine_fail(int code, const char *format, ...) TRINE_PRINTF(2, 3);
/* The same, with this task's last error as its cause. */
TRINE_PUBLIC int trine_fail_because(int code, const char *format, ...) TRINE_PRINTF(2, 3);
/* This task's (or thread's) last error object; NULL if none. Valid until the next failure in it. */
TRINE_PUBLIC const struct trine_error *trine_error_last(void);

/* All accept NULL. */
TRINE_PUBLIC int trine_error_code(const struct trine_error *error);            /* 0 for NULL */
TRINE_PUBLIC const char *trine_error_message(const struct trine_error *error); /* "" for NULL */
/* Where the failing task was spawned ("file.c:12 function"), or "". */
TRINE_PUBLIC const char *trine_error_origin(const struct trine_error *error);
TRINE_PUBLIC const struct trine_error *trine_error_cause(const struct trine_error *error);
/* The other failures of the same group, in the order they came. */
TRINE_PUBLIC size_t trine_error_children(const struct trine_error *error);
TRINE_PUBLIC const struct trine_error *trine_error_child(const struct trine_error *error,
                                                         size_t index);

#ifdef __cplusplus
}
#endif
#endif
