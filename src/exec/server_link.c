/* SPDX-License-Identifier: MIT */
/* The process's end of the fork server: starts it, hands out channels, ends it.
 *
 * While the process has one thread the server is a plain fork. Otherwise the program is executed
 * again and becomes the server before its main() runs, in the constructor that TRINE_JOB left in
 * it. Both a name that nobody else gives (argv[0]) and a descriptor's number in the environment
 * tell it so. */
#include "base/error.h"
#include "core/thread_context.h"
#include "exec/fork_server.h"
#include "exec/registry.h"
#include "exec/wire.h"
#include "fiber/fiber.h"
#include "sys/sys.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SERVER_NAME     "trine-fork-server"
#define SERVER_VARIABLE "TRINE_FORK_SERVER"
#define STACK_SIZE      ((size_t)8 << 20)
#define GUARD_SIZE      4096
#define EXIT_NO_EXEC    127
#define WAIT_TRIES      100 /* a fault plan's errors pass */

static struct {
    pthread_mutex_t lock;
    pid_t pid;
    int fd;     /* the main channel */
    bool alive; /* as far as is known */
    unsigned users, generation;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* ---- starting by fork */

struct birth {
    int fd;
    pid_t parent;
};

static void serve_on_own_stack(void *arg)
{
    struct birth birth = *(struct birth *)arg;
    trine__fork_server_main(birth.fd, birth.parent);
}

/* Jobs will run in descendants of this very stack, so it may not be a task's small one. */
static __attribute__((noreturn)) void leave_task(struct birth *birth)
{
    static struct trine__fiber from, to;
    void *stack;
    if (trine__map(STACK_SIZE, MAP_NORESERVE | MAP_STACK, &stack) < 0)
        _exit(1);
    trine__protect(stack, GUARD_SIZE, PROT_NONE);
    trine__fiber_init_thread(&from);
    trine__fiber_init(&to, (char *)stack + GUARD_SIZE, (char *)stack + STACK_SIZE,
                      serve_on_own_stack, birth);
    trine__fiber_switch(&from, &to);
    _exit(1);
}

static pid_t start_by_fork(int fd)
{
    struct birth birth = { fd, getpid() };
    bool in_task = trine__loop_here != NULL;
    pid_t pid = trine__sys_fork();
    if (pid != 0)
        return pid;
    if (in_task)
        leave_task(&birth);
    trine__fork_server_main(birth.fd, birth.parent);
}

/* The kernel counts a directory for each thread. */
static bool has_one_thread(void)
{
    enum { LINKS_OF_ONE = 3 };
    struct stat tasks;
    return trine__sys_stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink == LINKS_OF_ONE;
}

/* ---- starting by execution */

static char **environment_with(char *variable)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **copy = trine__alloc((count + 2) * sizeof *copy);
    if (copy == NULL)
        return NULL;
    copy[0] =
        variable; /* before another of its name, which this process may have been given itself */
    memcpy(copy + 1, environ, (count + 1) * sizeof *copy);
    return copy;
}

static pid_t start_by_exec(int fd)
{
    char variable[64];
    char *const arguments[] = { (char *)SERVER_NAME, NULL };
    snprintf(variable, sizeof variable, SERVER_VARIABLE "=%d,%d", fd, (int)getpid());
    char **environment = environment_with(variable);
    pid_t pid = environment != NULL ? trine__sys_fork() : -ENOMEM;
    if (pid == 0) {
        trine__sys_fcntl(fd, F_SETFD, 0);
        trine__sys_exec("/proc/self/exe", arguments, environment);
        _exit(EXIT_NO_EXEC);
    }
    trine__free(environment);
    return pid;
}

void trine__worker_enter(void)
{
    int fd, parent;
    if (strcmp(program_invocation_name, SERVER_NAME) != 0)
        return;
    const char *variable = trine__getenv(SERVER_VARIABLE);
    if (variable != NULL && sscanf(variable, "%d,%d", &fd, &parent) == 2)
        trine__fork_server_main(fd, parent);
    _exit(1);
}

/* ---- the server; lock held */

static int start(void)
{
    int fds[2];
    int error = trine__sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
    if (error < 0)
        return trine_fail(error, "no channel to a fork server: %s", trine_strerror(error));
    pid_t pid = has_one_thread()           ? start_by_fork(fds[1])
                : !trine__registry_empty() ? start_by_exec(fds[1])
                                           : TRINE_ENOJOB;
    trine__sys_close(fds[1]);
    if (pid < 0)
        trine__sys_close(fds[0]);
    if (pid == TRINE_ENOJOB)
        return trine_fail(
            pid, "a process pool in a process with several threads needs a function "
                 "registered with TRINE_JOB(function, struct ...), or it cannot start workers");
    if (pid < 0)
        return trine_fail(pid, "no fork server: %s", trine_strerror(pid));
    server.pid = pid;
    server.fd = fds[0];
    server.alive = true;
    server.generation++;
    return 0;
}

static int open_channel(struct trine__server_link *link)
{
    struct trine__server_request request = { .what = TRINE__SERVER_OPEN };
    int fds[2];
    int error = trine__sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);
    if (error < 0)
        return trine_fail(error, "no channel to the fork server: %s", trine_strerror(error));
    error = trine__message_send(server.fd, &request, sizeof request, fds[1]);
    trine__sys_close(fds[1]);
    if (error < 0) {
        trine__sys_close(fds[0]);
        return trine_fail(error, "no channel to the fork server: %s", trine_strerror(error));
    }
    *link = (struct trine__server_link){ fds[0], server.generation };
    return 0;
}

/* Closing the main channel ends a server that lives. Shut down first: a child that the user has
 * forked may hold a copy. */
static void stop(siginfo_t *ret)
{
    int error, tries = 0;
    server.alive = false;
    trine__sys_shutdown(server.fd, SHUT_RDWR);
    trine__sys_close(server.fd);
    do {
        *ret = (siginfo_t){ 0 };
        error = trine__sys_waitid(P_PID, (int)server.pid, ret, WEXITED);
    } while (error < 0 && error != -ECHILD && ++tries < WAIT_TRIES);
}

void trine__server_forked(void)
{
    if (server.alive)
        trine__sys_close(server.fd);
    server.alive = false;
    server.users = 0;
    server.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER; /* whoever held it is not here */
}

int trine__server_acquire(struct trine__server_link *link)
{
    siginfo_t how;
    pthread_mutex_lock(&server.lock);
    int error = server.alive ? 0 : start();
    if (error == 0)
        error = open_channel(link);
    if (error == 0)
        server.users++;
    else if (server.users == 0 && server.alive)
        stop(&how);
    pthread_mutex_unlock(&server.lock);
    return error;
}

int trine__server_replace(struct trine__server_link *link, char *how, unsigned how_size)
{
    pthread_mutex_lock(&server.lock);
    trine__sys_close(link->fd);
    link->fd = -1;
    snprintf(how, how_size, "is gone");
    if (server.alive && link->generation == server.generation) {
        siginfo_t info;
        trine__sys_kill(server.pid,
                        SIGKILL); /* ours and not waited for: the number is still its own */
        stop(&info);
        trine__describe_end(info.si_code, info.si_status, how, how_size);
    }
    int error = server.alive ? 0 : start();
    if (error == 0)
        error = open_channel(link);
    pthread_mutex_unlock(&server.lock);
    return error;
}

void trine__server_release(struct trine__server_link *link)
{
    siginfo_t how;
    pthread_mutex_lock(&server.lock);
    if (link->fd >= 0)
        trine__sys_close(link->fd);
    if (--server.users == 0 && server.alive)
        stop(&how);
    pthread_mutex_unlock(&server.lock);
}

/* ---- words */

void trine__describe_end(int code, int status, char *text, unsigned size)
{
    if (code == CLD_EXITED && status == EXIT_NO_EXEC) {
        snprintf(text, size, "could not be executed (/proc/self/exe)");
    } else if (code == CLD_EXITED) {
        snprintf(text, size, "exited with code %d", status);
    } else if (code == CLD_KILLED || code == CLD_DUMPED) {
        const char *name = sigabbrev_np(status);
        snprintf(text, size, "was killed by signal %d (SIG%s)%s", status, name != NULL ? name : "?",
                 status == SIGKILL ? ", perhaps out of memory" : "");
    } else {
        snprintf(text, size, "is gone");
    }
}
