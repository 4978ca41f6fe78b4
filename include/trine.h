/* SPDX-License-Identifier: MIT */
/* Trine: coroutines, threads and processes behind one kind of future. Everything of libtrine; the
 * web part (libtrine-web) is <trine/http.h>. */
#ifndef TRINE_H
#define TRINE_H

#include <trine/bytes.h>
#include <trine/channel.h>
#include <trine/debug.h>
#include <trine/error.h>
#include <trine/executor.h>
#include <trine/file.h>
#include <trine/future.h>
#include <trine/generator.h>
#include <trine/group.h>
#include <trine/local.h>
#include <trine/loop.h>
#include <trine/map.h>
#include <trine/net.h>
#include <trine/queue.h>
#include <trine/run.h>
#include <trine/scope.h>
#include <trine/select.h>
#include <trine/sync.h>
#include <trine/task.h>
#include <trine/test.h>
#include <trine/time.h>
#include <trine/timer.h>

#endif
