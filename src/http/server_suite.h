/* SPDX-License-Identifier: MIT */
/* The frame of the tests of HTTP servers: a server on loopback in a task, and a client that speaks
 * in bytes. */
#ifndef TRINE_HTTP_SERVER_SUITE_H
#define TRINE_HTTP_SERVER_SUITE_H

#include "core/suite.h"
#include "http/server.h"
#include <dirent.h>
#include <trine.h>
#include <trine/file.h>
#include <trine/net.h>

struct served {
    int listener;
    uint16_t port;
    int (*serve)(int listener, void *arg);
    void *arg;
    int result;
    int kept[8]; /* connections of the test that are open when the server stops */
    struct trine_group group;
};

__attribute__((unused)) static int descriptors_before;

static inline int count_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static inline int serve_it(void *arg)
{
    struct served *served = arg;
    served->result = served->serve(served->listener, served->arg);
    return 0;
}

static inline void start_server(struct served *served, int (*serve)(int, void *), void *arg)
{
    descriptors_before = count_descriptors();
    *served = (struct served){ .serve = serve, .arg = arg };
    served->listener = trine_tcp_listen("127.0.0.1:0", NULL, &served->port);
    assert_true(served->listener >= 0);
    trine_group_open(&served->group, NULL);
    trine_spawn(&served->group, serve_it, served);
}

/* Stops it; it must do so soon and leave nothing. */
static inline void stop_server(struct served *served)
{
    int64_t start = trine_now();
    trine_group_cancel(&served->group, "the test is over");
    trine_group_close(&served->group);
    assert_true(trine_now() - start <
                TRINE_MILLISECONDS(100) * (UNDER_TSAN || UNDER_ASAN ? 20 : 1));
    assert_int_equal(served->result, -ECANCELED);
    for (size_t i = 0; i < COUNT(served->kept) && served->kept[i] > 0; i++)
        trine_close(served->kept[i]);
    assert_int_equal(trine_close(served->listener), 0);
    assert_int_equal(count_descriptors(), descriptors_before);
}

static inline int connect_to(const struct served *served)
{
    char port[8];
    snprintf(port, sizeof port, "%u", served->port);
    int fd = trine_tcp_connect("127.0.0.1", port, NULL);
    assert_true(fd >= 0);
    return fd;
}

static inline void say(int fd, const char *text)
{
    assert_int_equal(trine_write_all(fd, text, strlen(text)), 0);
}

/* All that comes until the other side closes, as text from malloc. */
static inline char *hear_all(int fd, size_t *ret_len)
{
    size_t room = 1 << 20;
    char *heard = malloc(room + 1);
    ssize_t len = TRINE_WITHIN(PATIENCE, trine_read_all(fd, heard, room));
    assert_true(len >= 0);
    heard[len] = '\0';
    if (ret_len != NULL)
        *ret_len = (size_t)len;
    return heard;
}

/* What comes, until `text` is its end. */
static inline void hear(int fd, const char *text)
{
    char heard[8192];
    size_t len = 0;
    do {
        assert_true(len < sizeof heard - 1);
        ssize_t got = TRINE_WITHIN(PATIENCE, trine_read(fd, heard + len, 1));
        heard[len + (got > 0)] = '\0';
        if (got <= 0)
            fail_msg("%zd instead of '%s' after: %s", got, text, heard);
        len += (size_t)got;
    } while (len < strlen(text) || strcmp(heard + len - strlen(text), text) != 0);
}

static inline void assert_begins(const char *text, const char *start)
{
    assert_non_null(text);
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("not '%s' but: %.200s", start, text);
}

static inline void assert_holds(const char *text, const char *part)
{
    assert_non_null(text);
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %.600s", part, text != NULL ? text : "nothing");
}

/* One request on a connection of its own: the whole answer, from malloc. */
static inline char *ask(const struct served *served, const char *request, size_t *ret_len)
{
    int fd = connect_to(served);
    say(fd, request);
    trine__sys_shutdown(fd, SHUT_WR);
    char *answer = hear_all(fd, ret_len);
    trine_close(fd);
    return answer;
}

#endif
