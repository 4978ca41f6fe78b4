/* SPDX-License-Identifier: MIT */
/* The test server of a comparison, in a process of its own, so that its costs are no model's. */
#ifndef TRINE_CLI_COMPARE_SERVER_H
#define TRINE_CLI_COMPARE_SERVER_H

#include "cli/compare_child.h"
#include <stdint.h>

/* Starts it on a free port of 127.0.0.1 and waits until it listens. 0 or an error; -ECANCELED when
 * a signal came first. End it with trine__child_end(). */
int trine__compare_server_start(struct trine__child *ret, uint16_t *ret_port);

#endif
