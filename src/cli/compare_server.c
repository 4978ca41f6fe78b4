/* SPDX-License-Identifier: MIT */
#include "cli/compare_server.h"
#include "cli/compare.h"
#include "cli/sentence.h"
#include "http/httpbin.h"
#include "sys/sys.h"
#include <stdio.h>
#include <trine/net.h>
#include <trine/run.h>

/* What the server tells once it listens, or cannot. */
struct greeting {
    int error;
    uint16_t port;
    char sentence[TRINE__SENTENCE_MAX]; /* of the error */
};

static void say(int to, struct greeting *greeting, int error)
{
    greeting->error = error;
    if (error < 0)
        snprintf(greeting->sentence, sizeof greeting->sentence, "%s", trine__sentence(error));
    (void)trine__sys_write(to, greeting, sizeof *greeting); /* below PIPE_BUF: all or nothing */
}

static int serve(void *arg)
{
    int to = *(int *)arg;
    struct greeting greeting = { 0 };
    int listener = trine_tcp_listen("127.0.0.1:0", NULL, &greeting.port);
    say(to, &greeting, listener < 0 ? listener : 0);
    if (listener < 0)
        return listener;
    int error = trine__httpbin_serve(listener);
    trine__sys_close(listener);
    return error;
}

static void run_server(void *arg, int to)
{
    trine__sys_thread_name("trine-httpbin");
    int error = trine_run(serve, &to, NULL);
    say(to, &(struct greeting){ 0 }, error < 0 ? error : -EIO);
}

static int wait_for(int from, struct greeting *ret)
{
    struct pollfd fds[] = { { .fd = trine__stop_fd(), .events = POLLIN },
                            { .fd = from, .events = POLLIN } };
    while (fds[1].revents == 0) {
        (void)trine__sys_poll(fds, 2, INT64_MAX);
        if (trine__stop_signal() != 0)
            return -ECANCELED;
    }
    ssize_t got = trine__sys_read(from, ret, sizeof *ret);
    if (got != (ssize_t)sizeof *ret)
        return got < 0 ? (int)got : -EIO;
    ret->sentence[sizeof ret->sentence - 1] = '\0';
    return ret->error < 0 ? trine_fail(ret->error, "%s", ret->sentence) : 0;
}

int trine__compare_server_start(struct trine__child *ret, uint16_t *ret_port)
{
    struct trine__child child;
    struct greeting greeting;
    int error = trine__child_start(&child, run_server, NULL);
    if (error < 0)
        return error;
    error = wait_for(child.from, &greeting);
    if (error < 0) {
        trine__child_end(&child, 1, NULL);
        return error;
    }
    *ret = child;
    *ret_port = greeting.port;
    return 0;
}
