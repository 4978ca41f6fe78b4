/* SPDX-License-Identifier: MIT */
/* The seam to the outside: every allocation, system call, ring operation, clock reading, random
 * number and process start of Trine passes through these functions and through nothing else.
 *
 * That one door is what makes the rest testable. The same code then runs on the real kernel, with
 * faults injected into the k-th call (fault.h), or on a simulated clock (trine__clock_simulate).
 *
 * Conventions: system calls return >= 0, or -errno; errno itself is never read above this floor.
 * EINTR is retried where retrying is always right (read, write, send, recv, open, accept, connect
 * is not: it goes on in the background and is waited for by poll). Descriptors are created with
 * CLOEXEC, sends never raise SIGPIPE. */
#ifndef TRINE_SYS_SYS_H
#define TRINE_SYS_SYS_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <time.h>

/* ---- memory.c: allocation. NULL when there is none; sizes are checked for overflow. */
void *trine__alloc(size_t size);                    /* not cleared; size 0 gives a unique pointer */
void *trine__alloc_zero(size_t count, size_t size); /* cleared */
void *trine__realloc(void *old, size_t size);       /* on failure `old` is untouched */
void *trine__alloc_aligned(size_t alignment, size_t size);
void trine__free(void *memory); /* accepts NULL */
char *trine__strdup(const char *text);
char *trine__strndup(const char *text, size_t max);
/* printf into new memory; NULL when there is none. */
char *trine__asprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- mapping.c: anonymous private mappings. `*ret` is untouched on failure. */
int trine__map(size_t size, int mmap_flags, void **ret);
int trine__unmap(void *address, size_t size);
int trine__protect(void *address, size_t size, int protection);
int trine__advise(void *address, size_t size, int advice);
/* One call over many ranges of our own address space (process_madvise); returns bytes advised,
 * which may be fewer than asked (at most 1024 ranges are taken). Older kernels refuse most advice.
 */
ssize_t trine__advise_many(const struct iovec *ranges, size_t count, int advice);

/* ---- files.c: descriptors and files */
ssize_t trine__sys_read(int fd, void *buf, size_t len);
ssize_t trine__sys_write(int fd, const void *buf, size_t len);
ssize_t trine__sys_readv(int fd, const struct iovec *parts, int count);
ssize_t trine__sys_writev(int fd, const struct iovec *parts, int count);
ssize_t trine__sys_pread(int fd, void *buf, size_t len, int64_t offset);
/* Reads what is in memory already, from the position when `offset` is -1; -EAGAIN, -EOPNOTSUPP or
 * another error where only a blocking read can tell. */
ssize_t trine__sys_read_cached(int fd, void *buf, size_t len, int64_t offset);
ssize_t trine__sys_pwrite(int fd, const void *buf, size_t len, int64_t offset);
int trine__sys_openat(int dirfd, const char *path, int flags, unsigned mode); /* adds O_CLOEXEC */
int trine__sys_close(int fd);                                /* EINTR counts as closed */
int64_t trine__sys_seek(int fd, int64_t offset, int whence); /* -ESPIPE: it has no position */
int trine__sys_fsync(int fd);
int trine__sys_fdatasync(int fd);
int trine__sys_ftruncate(int fd, int64_t length);
int trine__sys_fstat(int fd, struct stat *ret);
int trine__sys_stat(const char *path, struct stat *ret);
int trine__sys_rename(const char *from, const char *to);
int trine__sys_unlink(const char *path);
int trine__sys_mkdir(const char *path, unsigned mode);
int trine__sys_fcntl(int fd, int command, long argument);
int trine__sys_pipe(int fds[2], int flags); /* adds O_CLOEXEC */
int trine__sys_dup(int fd, int at_least);   /* F_DUPFD_CLOEXEC */
int trine__sys_memfd(const char *name);
int trine__sys_isatty(int fd); /* 1 or 0 */

/* ---- sockets.c: sockets, created CLOEXEC; `type` may add SOCK_NONBLOCK. */
int trine__sys_socket(int family, int type, int protocol);
int trine__sys_socketpair(int family, int type, int protocol, int fds[2]);
int trine__sys_bind(int fd, const struct sockaddr *address, socklen_t len);
int trine__sys_listen(int fd, int backlog);
int trine__sys_accept(int fd, struct sockaddr *address, socklen_t *len, int flags);
int trine__sys_connect(int fd, const struct sockaddr *address, socklen_t len);
int trine__sys_shutdown(int fd, int how);
int trine__sys_getsockname(int fd, struct sockaddr *address, socklen_t *len);
int trine__sys_getpeername(int fd, struct sockaddr *address, socklen_t *len);
int trine__sys_getsockopt(int fd, int level, int name, void *value, socklen_t *len);
int trine__sys_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
ssize_t trine__sys_send(int fd, const void *buf, size_t len, int flags); /* adds MSG_NOSIGNAL */
ssize_t trine__sys_recv(int fd, void *buf, size_t len, int flags);
ssize_t trine__sys_sendmsg(int fd, const struct msghdr *message, int flags); /* adds MSG_NOSIGNAL */
ssize_t trine__sys_recvmsg(int fd, struct msghdr *message, int flags); /* adds MSG_CMSG_CLOEXEC */
struct addrinfo;
/* 0, or a negative errno; `*ret_gai` then holds getaddrinfo's own code. */
int trine__sys_getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                           struct addrinfo **ret, int *ret_gai);
void trine__sys_freeaddrinfo(struct addrinfo *list);

/* ---- wait.c: waiting. Deadlines are absolute on the monotonic clock, in nanoseconds;
 * INT64_MAX waits for ever, a deadline in the past only looks. 0 = the time came. */
int trine__sys_poll(struct pollfd *fds, size_t count, int64_t deadline); /* -EINTR is returned */
int trine__sys_epoll_create(void);
int trine__sys_epoll_ctl(int epfd, int operation, int fd, struct epoll_event *event);
/* epoll_pwait2, or epoll_wait rounded up to a millisecond where the kernel has no better. -EINTR is
 * returned. */
int trine__sys_epoll_wait(int epfd, struct epoll_event *events, int max, int64_t deadline);
int trine__sys_eventfd(unsigned initial); /* non-blocking */
/* Adds 1; a full counter is as good. A ring must not get lost, so no fault plan strikes it. */
void trine__sys_eventfd_ring(int fd);
int trine__sys_timerfd(void); /* monotonic, non-blocking, not set */
/* Makes `fd` readable from `deadline` on (at once if that is past); INT64_MAX: not. */
int trine__sys_timerfd_set(int fd, int64_t deadline);
/* Sleeps while *word == expected. 0 woken (or spuriously), -EAGAIN, -ETIMEDOUT, -EINTR. Only
 * threads of this process meet at a word. */
int trine__futex_wait(const void *word, uint32_t expected, int64_t deadline);
int trine__futex_wake(const void *word, int count);
void trine__sys_thread_yield(void);

/* ---- ring.c: io_uring. Each operation is a fallible call of its own: see trine__ring_fault. */
struct io_uring;
struct io_uring_params;
int trine__ring_open(unsigned entries, struct io_uring *ring, struct io_uring_params *params);
void trine__ring_close(struct io_uring *ring);
/* 1 if the kernel knows all of these io_uring opcodes. */
int trine__ring_knows(struct io_uring *ring, const uint8_t *opcodes, size_t count);
/* From now on `eventfd` is rung for each completion, also for one that waits for us to look. */
int trine__ring_ring_eventfd(struct io_uring *ring, int eventfd);
int trine__ring_submit(struct io_uring *ring);
/* Submits, then waits for a completion or the deadline; -ETIME when that came, -EINTR. Whatever the
 * answer, an entry that the kernel did not take stays in the ring for the next submission. */
int trine__ring_submit_and_wait(struct io_uring *ring, int64_t deadline);
/* The fault plan's verdict for one ring operation before it is prepared: 0, or -errno to complete
 * it with; may shorten *len. `verb` is an io_uring opcode. */
int trine__ring_fault(int verb, size_t *len);

/* ---- process.c: processes, threads, signals */
pid_t trine__sys_fork(void);
int trine__sys_exec(const char *path, char *const argv[], char *const envp[]);
int trine__sys_kill(pid_t pid, int signal);
int trine__sys_pidfd_open(pid_t pid);
int trine__sys_pidfd_signal(int pidfd, int signal);
int trine__sys_waitid(int id_type, int id, siginfo_t *ret, int options);
/* This process gets `signal` when the thread that started it ends; 0: no longer. */
int trine__sys_parent_death_signal(int signal);
/* From now on, descendants whose parent ends become children of this process. */
int trine__sys_adopt_orphans(void);
int trine__sys_setpgid(pid_t pid, pid_t group);
struct rusage;
int trine__sys_getrusage(int who, struct rusage *ret);
int trine__sys_thread_start(pthread_t *ret, void *(*entry)(void *), void *arg, size_t stack_size);
int trine__sys_thread_join(pthread_t thread);
int trine__sys_thread_id(void);                /* this thread's, the kernel's number */
void trine__sys_thread_name(const char *name); /* this thread's; cut to 15 characters */
/* How late this thread's sleeps may end, in nanoseconds; returns what it was before. */
long trine__sys_timer_slack(long slack);
int trine__sys_sigaction(int signal, const struct sigaction *action, struct sigaction *ret_old);
int trine__sys_sigaltstack(const stack_t *stack, stack_t *ret_old);      /* either may be NULL */
int trine__sys_sigmask(int how, const sigset_t *set, sigset_t *ret_old); /* this thread's */
int trine__sys_close_range(unsigned first, unsigned last);
int trine__sys_cpu_count(void); /* processors this process may use: affinity, cgroup quota */

/* ---- clock.c */
int64_t trine__clock_monotonic(void);  /* nanoseconds; virtual while simulated */
int64_t trine__clock_wall(void);       /* nanoseconds since 1970 */
int64_t trine__clock_cpu(void);        /* CPU time of this process, all threads */
int64_t trine__clock_thread_cpu(void); /* CPU time of this thread */
/* Simulated time: the monotonic clock stands still until advanced. For tests and the sim poller. */
void trine__clock_simulate(int64_t start);
void trine__clock_advance_to(int64_t deadline); /* never goes back */
void trine__clock_real(void);
int trine__clock_simulated(void);

/* ---- random.c */
uint64_t trine__random_u64(void);               /* fast, per thread, seeded from the kernel */
void trine__random_seed(uint64_t seed);         /* this thread from now on: for repeatable tests */
int trine__random_bytes(void *buf, size_t len); /* from the kernel */

/* ---- environment.c */
const char *trine__getenv(const char *name);

#endif
