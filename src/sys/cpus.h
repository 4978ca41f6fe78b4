/* SPDX-License-Identifier: MIT */
/* The processor quota of a control group, apart from where the kernel keeps it so that it can be
 * tested. */
#ifndef TRINE_SYS_CPUS_H
#define TRINE_SYS_CPUS_H

/* The least quota, in processors rounded up, over the groups named in the file `membership` (the
 * form of /proc/self/cgroup) and their ancestors under `root` (as /sys/fs/cgroup); 0 when there is
 * none. */
int trine__cpus_quota(const char *membership, const char *root);

#endif
