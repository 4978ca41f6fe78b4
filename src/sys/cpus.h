/* SPDX-License-Identifier: MIT */
/* The processor quota of a control group, apart from where the kernel keeps it so that it can be
 * tested. */
#ifndef TRINE_SYS_CPUS_H
#define TRINE_SYS_CPUS_H

#include <stdbool.h>

/* The least quota, in processors rounded up, over the groups named in the file `membership` (the
 * form of /proc/self/cgroup) and their ancestors under `root` (as /sys/fs/cgroup); 0 when there is
 * none. */
int trine__cpus_quota(const char *membership, const char *root);

/* Whether two threads of this process may run at the same time, so that one that waits for another
 * may hope to see it act. Of the process as it began, not of the calling thread, which may be bound
 * to one processor while the other is at work on the next. Asked once; cheap. */
bool trine__cpus_several(void);

#endif
