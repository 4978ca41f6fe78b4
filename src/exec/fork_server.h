/* SPDX-License-Identifier: MIT */
/* The fork server: a small process with one thread, from which all workers are forked, because a
 * process with threads cannot be forked safely. Each pool has a channel to it.
 *
 *     pool    -> server   SPAWN slot (+ the worker's socket), KILL slot
 *     server  -> pool     STARTED slot pid, REFUSED slot errno, ENDED slot pid how
 *
 * It ends, and takes its workers with it, when the process that it serves ends or lets go. */
#ifndef TRINE_EXEC_FORK_SERVER_H
#define TRINE_EXEC_FORK_SERVER_H

#include <stdint.h>
#include <sys/types.h>

enum { TRINE__SERVER_OPEN, TRINE__SERVER_SPAWN, TRINE__SERVER_KILL };
enum { TRINE__SERVER_STARTED, TRINE__SERVER_REFUSED, TRINE__SERVER_ENDED };

struct trine__server_request {
    uint32_t what, slot;
};

struct trine__server_event {
    uint32_t what, slot;
    int32_t pid;
    int32_t code, status; /* as waitid: CLD_EXITED, CLD_KILLED ...; or -errno of REFUSED */
};

/* ---- fork_server.c: in the server */
__attribute__((noreturn)) void trine__fork_server_main(int fd, pid_t parent);

/* ---- server_link.c: in the process that it serves */
struct trine__server_link {
    int fd;              /* the channel */
    unsigned generation; /* of the server at its other end */
};

/* A channel to the process's fork server, which is started for the first. 0, or an error with a
 * sentence (trine_fail). */
int trine__server_acquire(struct trine__server_link *link);
/* The server has gone: a channel to a new one. `how`: filled with how the old one ended. */
int trine__server_replace(struct trine__server_link *link, char *how, unsigned how_size);
/* Closes the channel, and ends the server with the last. */
void trine__server_release(struct trine__server_link *link);

/* In a child of fork(): the server is the parent's. */
void trine__server_forked(void);

/* "was killed by signal 9 (SIGKILL), perhaps out of memory", "exited with code 3". */
void trine__describe_end(int code, int status, char *text, unsigned size);

#endif
