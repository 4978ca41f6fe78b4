/* SPDX-License-Identifier: MIT */
/* A blocking call in another thread, while its task (or thread) waits. */
#ifndef TRINE_CORE_TO_THREAD_H
#define TRINE_CORE_TO_THREAD_H

#include "thread/shared_workers.h"
#include <trine/loop.h>

/* As trine_to_thread_with(), on workers of the caller's choice and always on one of them. */
int trine__to_thread(struct trine__shared_workers *workers, trine_fn fn, void *arg,
                     void (*abandoned)(void *arg), const char *what);

#endif
