/* SPDX-License-Identifier: MIT */
/* What a worker process runs, once the fork server has made it. */
#ifndef TRINE_EXEC_WORKER_MAIN_H
#define TRINE_EXEC_WORKER_MAIN_H

/* Exit codes of a worker that gives up. */
enum { TRINE__WORKER_NO_MEMORY = 112, TRINE__WORKER_CONFUSED = 113 };

/* Works for the pool at the other end of `fd`. */
__attribute__((noreturn)) void trine__worker_serve(int fd);

#endif
