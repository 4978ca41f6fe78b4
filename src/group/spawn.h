/* SPDX-License-Identifier: MIT */
/* A spawn whose caller wants to know more than trine_spawn() tells. */
#ifndef TRINE_GROUP_SPAWN_H
#define TRINE_GROUP_SPAWN_H

#include <trine/group.h>

/* As trine_spawn_at(), but returns a reference of the caller's, from any thread, and NULL (no
 * memory) leaves the group as it was. */
struct trine_future *trine__spawn_kept(struct trine_group *group, trine_fn fn, void *arg,
                                       const struct trine_spawn_options *options, const char *site);

#endif
