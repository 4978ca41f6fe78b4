/* SPDX-License-Identifier: MIT */
/* Trine: coroutines, threads and processes behind one kind of future. Everything of libtrine; the
 * web part (libtrine-web) is <trine/http.h>. */
#ifndef TRINE_H
#define TRINE_H

#include <trine/bytes.h>
#include <trine/debug.h>
#include <trine/error.h>
#include <trine/executor.h>
#include <trine/file.h>
#include <trine/future.h>
#include <trine/group.h>
#include <trine/map.h>
#include <trine/net.h>
#include <trine/run.h>
#include <trine/scope.h>
#include <trine/task.h>
#include <trine/time.h>

#endif
