/* SPDX-License-Identifier: MIT */
/* Descriptors: every verb on every kind of descriptor, in a task and in a plain thread, where each
 * must mean the same. */
#include "core/descriptor_suite.h"
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>
#include <trine.h>
#include <trine/file.h>
#include <trine/net.h>

/* ---- streams of every kind */

enum { PIPE, PIPE_NONBLOCKING, SOCKET, SOCKET_NONBLOCKING, KINDS };

struct stream {
    int in, out;
};

static struct stream open_stream(int kind)
{
    int fds[2];
    if (kind == PIPE || kind == PIPE_NONBLOCKING)
        assert_int_equal(pipe2(fds, O_CLOEXEC | (kind == PIPE ? 0 : O_NONBLOCK)), 0);
    else
        assert_int_equal(
            socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (kind == SOCKET ? 0 : SOCK_NONBLOCK),
                       0, fds),
            0);
    return (struct stream){ fds[0], fds[1] };
}

static void close_stream(struct stream stream)
{
    close(stream.in);
    close(stream.out);
}

/* Byte `at` of a stream in which no part looks like another for long. */
static char byte_at(uint64_t at)
{
    return (char)((at * 0x9e3779b97f4a7c15) >> 56);
}

static void assert_bytes_from(const char *bytes, size_t len, uint64_t offset)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != byte_at(offset + i))
            fail_msg("the stream is damaged at byte %llu", (unsigned long long)(offset + i));
    }
}

static char *many_bytes(size_t len)
{
    char *bytes = malloc(len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = byte_at(i);
    return bytes;
}

IN_BOTH(bytes_pass_and_the_end_is_told)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        char got[16];
        assert_int_equal(trine_write(stream.out, "hello", 5), 5);
        assert_int_equal(trine_read(stream.in, got, 2), 2);
        assert_int_equal(trine_read(stream.in, got + 2, sizeof got - 2), 3);
        assert_memory_equal(got, "hello", 5);
        assert_int_equal(trine_write_all(stream.out, "to the end", 10), 0);
        assert_int_equal(trine_close(stream.out), 0);
        assert_int_equal(trine_read_all(stream.in, got, sizeof got), 10);
        assert_memory_equal(got, "to the end", 10);
        assert_int_equal(trine_read(stream.in, got, sizeof got), 0);
        assert_int_equal(trine_read_all(stream.in, got, sizeof got), 0);
        assert_int_equal(trine_close(stream.in), 0);
    }
    return 0;
}

static void write_soon(void *arg)
{
    usleep(5000);
    assert_int_equal(write(*(int *)arg, "late", 4), 4);
}

IN_BOTH(a_read_waits_for_the_bytes)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        struct helper helper;
        char got[16];
        start_helper(&helper, write_soon, &stream.out);
        assert_int_equal(trine_read(stream.in, got, sizeof got), 4);
        assert_memory_equal(got, "late", 4);
        join_helper(&helper);
        close_stream(stream);
    }
    return 0;
}

/* ---- more than there is room for */

enum { MUCH = 1 << 20 };

static void read_much(void *arg)
{
    struct stream *stream = arg;
    char *got = malloc(MUCH);
    assert_int_equal(trine_read_all(stream->in, got, MUCH), MUCH);
    assert_bytes_from(got, MUCH, 0);
    free(got);
}

IN_BOTH(write_all_waits_for_room_again_and_again)
{
    char *bytes = many_bytes(MUCH);
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        struct helper helper;
        start_helper(&helper, read_much, &stream);
        assert_int_equal(trine_write_all(stream.out, bytes, MUCH), 0);
        join_helper(&helper);
        close_stream(stream);
    }
    free(bytes);
    return 0;
}

/* How many bytes are in the stream, all of them the right ones. */
static size_t drain(struct stream *stream)
{
    static char got[MUCH];
    close(stream->out);
    stream->out = -1;
    ssize_t len = trine_read_all(stream->in, got, sizeof got);
    assert_true(len >= 0);
    assert_bytes_from(got, (size_t)len, 0);
    return (size_t)len;
}

IN_BOTH(a_write_without_room_ends_at_the_deadline)
{
    char *bytes = many_bytes(MUCH);
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        size_t written = 0;
        ssize_t part;
        while ((part = TRINE_WITHIN(SOON,
                                    trine_write(stream.out, bytes + written, MUCH - written))) > 0)
            written += (size_t)part;
        assert_int_equal(part, -ETIMEDOUT);
        assert_in_range(written, 4096, MUCH - 1);
        assert_int_equal(drain(&stream), written);
        close_stream(stream);
    }
    free(bytes);
    return 0;
}

/* ---- deadlines and cancels */

IN_BOTH(a_read_ends_at_the_deadline)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        char got;
        int64_t start = trine_now();
        assert_int_equal(TRINE_WITHIN(SOON, trine_read(stream.in, &got, 1)), -ETIMEDOUT);
        assert_true(trine_now() - start >= SOON);
        assert_int_equal(TRINE_WITHIN(SOON, trine_wait_fd(stream.in, TRINE_READABLE)), -ETIMEDOUT);
        close_stream(stream);
    }
    return 0;
}

IN_BOTH(without_time_a_call_tries_once)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        char got = 0;
        assert_int_equal(TRINE_WITHIN(0, trine_read(stream.in, &got, 1)), -ETIMEDOUT);
        assert_int_equal(TRINE_WITHIN(0, trine_write(stream.out, "x", 1)), 1);
        assert_int_equal(TRINE_WITHIN(0, trine_read(stream.in, &got, 1)), 1);
        assert_int_equal(got, 'x');
        close_stream(stream);
    }
    return 0;
}

static void cancel_soon(void *arg)
{
    usleep(5000);
    trine_scope_cancel(arg, "from another thread");
}

IN_BOTH(a_cancel_from_another_thread_ends_a_read)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        struct trine_scope scope;
        struct helper helper;
        char got;
        trine_scope_open(&scope, PATIENCE);
        start_helper(&helper, cancel_soon, &scope);
        assert_int_equal(trine_read(stream.in, &got, 1), -ECANCELED);
        assert_string_equal(trine_cancel_reason(), "from another thread");
        assert_int_equal(trine_read(stream.in, &got, 1), -ECANCELED);
        join_helper(&helper);
        assert_int_equal(trine_scope_close(&scope), -ECANCELED);
        assert_int_equal(trine_write(stream.out, "x", 1), 1);
        assert_int_equal(trine_read(stream.in, &got, 1), 1);
        close_stream(stream);
    }
    return 0;
}

IN_BOTH(a_cancelled_call_does_nothing)
{
    struct stream stream = open_stream(PIPE);
    char got;
    assert_int_equal(trine_write(stream.out, "x", 1), 1);
    struct trine_scope scope;
    trine_scope_open(&scope, TRINE_FOREVER);
    trine_scope_cancel(&scope, NULL);
    assert_int_equal(trine_read(stream.in, &got, 1), -ECANCELED);
    assert_int_equal(trine_write(stream.out, "y", 1), -ECANCELED);
    assert_int_equal(trine_wait_fd(stream.in, TRINE_READABLE), -ECANCELED);
    assert_int_equal(trine_open("/dev/null", O_RDONLY, 0), -ECANCELED);
    assert_int_equal(trine_fsync(stream.out), -ECANCELED);
    assert_int_equal(trine_close(stream.out), 0); /* what is to be closed is closed */
    assert_int_equal(fcntl(stream.out, F_GETFD), -1);
    assert_int_equal(trine_scope_close(&scope), -ECANCELED);
    char all[4];
    assert_int_equal(trine_read_all(stream.in, all, sizeof all), 1);
    trine_close(stream.in);
    return 0;
}

/* ---- no byte is lost */

enum { ROUNDS = 1000 };

struct writer {
    int fd;
    _Atomic(bool) stop;
    uint64_t written;
};

/* A few bytes now and then, so that some reads find them and others are cut off. */
static void write_now_and_then(void *arg)
{
    struct writer *writer = arg;
    while (!writer->stop) {
        char bytes[7];
        for (size_t i = 0; i < sizeof bytes; i++)
            bytes[i] = byte_at(writer->written + i);
        assert_int_equal(write(writer->fd, bytes, sizeof bytes), sizeof bytes);
        writer->written += sizeof bytes;
        usleep(trine__random_u64() % 128);
    }
    close(writer->fd);
}

/* A read that is given up after next to no time; the bytes must be the stream's next ones. */
static int read_or_give_up(int fd, uint64_t *have)
{
    char got[5];
    int64_t limit = (int64_t)(trine__random_u64() % TRINE_MICROSECONDS(150));
    ssize_t len = TRINE_WITHIN(limit, trine_read(fd, got, sizeof got));
    assert_true(len > 0 || len == -ETIMEDOUT);
    if (len < 0)
        return 1;
    assert_bytes_from(got, (size_t)len, *have);
    *have += (uint64_t)len;
    return 0;
}

static void read_the_rest(int fd, uint64_t *have)
{
    static char rest[MUCH];
    ssize_t len = trine_read_all(fd, rest, sizeof rest);
    assert_true(len >= 0);
    assert_bytes_from(rest, (size_t)len, *have);
    *have += (uint64_t)len;
}

IN_BOTH(no_byte_is_lost_in_a_thousand_cancelled_reads)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        struct writer writer = { .fd = stream.out };
        struct helper helper;
        uint64_t have = 0;
        int given_up = 0, rounds = 0;
        start_helper(&helper, write_now_and_then, &writer);
        for (; rounds < ROUNDS; rounds++)
            given_up += read_or_give_up(stream.in, &have);
        writer.stop = true;
        read_the_rest(stream.in, &have);
        join_helper(&helper);
        assert_int_equal(have, writer.written);
        assert_in_range(given_up, 1, ROUNDS - 1);
        close(stream.in);
    }
    return 0;
}

/* The same when the cancel comes from a sibling that knows nothing of the time. */
struct reader {
    int fd;
    uint64_t have;
    int given_up;
    bool over;
};

static int read_until_cancelled(void *arg)
{
    struct reader *reader = arg;
    char got[5];
    ssize_t len = trine_read(reader->fd, got, sizeof got);
    assert_true(len > 0 || len == -ECANCELED);
    reader->given_up += len < 0;
    if (len > 0) {
        assert_bytes_from(got, (size_t)len, reader->have);
        reader->have += (uint64_t)len;
    }
    return 0;
}

static void spawn_and_cancel(struct reader *reader)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    trine_spawn(&group, read_until_cancelled, reader);
    for (unsigned turns = (unsigned)(trine__random_u64() % 4); turns > 0; turns--)
        trine_yield();
    trine_group_cancel(&group, NULL);
    trine_group_close(&group);
}

IN_A_TASK(no_byte_is_lost_when_a_sibling_cancels)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        struct writer writer = { .fd = stream.out };
        struct reader reader = { .fd = stream.in };
        struct helper helper;
        start_helper(&helper, write_now_and_then, &writer);
        for (int i = 0; i < ROUNDS; i++)
            spawn_and_cancel(&reader);
        writer.stop = true;
        read_the_rest(stream.in, &reader.have);
        join_helper(&helper);
        assert_int_equal(reader.have, writer.written);
        assert_in_range(reader.given_up, 1, ROUNDS);
        close(stream.in);
    }
    return 0;
}

/* ---- errors */

IN_BOTH(a_socket_without_a_reader_says_so_without_a_signal)
{
    signal(SIGPIPE, SIG_DFL);
    for (int kind = SOCKET; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        close(stream.in);
        assert_int_equal(trine_write(stream.out, "x", 1), -EPIPE);
        assert_int_equal(trine_write_all(stream.out, "x", 1), -EPIPE);
        close(stream.out);
    }
    return 0;
}

IN_BOTH(what_is_no_descriptor_is_told)
{
    struct stream stream = open_stream(PIPE);
    close_stream(stream);
    const int wrong[] = { -1, stream.in, 1 << 20 };
    char byte = 0;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(trine_read(wrong[i], &byte, 1), -EBADF);
        assert_int_equal(trine_write(wrong[i], &byte, 1), -EBADF);
        assert_int_equal(trine_pread(wrong[i], &byte, 1, 0), -EBADF);
        assert_int_equal(trine_pwrite(wrong[i], &byte, 1, 0), -EBADF);
        assert_int_equal(trine_fsync(wrong[i]), -EBADF);
        assert_int_equal(trine_wait_fd(wrong[i], TRINE_READABLE), -EBADF);
        assert_int_equal(trine_accept(wrong[i]), -EBADF);
        assert_int_equal(trine_close(wrong[i]), -EBADF);
    }
    return 0;
}

/* ---- files */

static int open_temporary(void)
{
    char path[] = "/tmp/trine-fd-test-XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    return fd;
}

IN_BOTH(files_are_read_and_written_at_offsets_and_at_the_position)
{
    int fd = open_temporary();
    char got[16];
    assert_int_equal(trine_write_all(fd, "0123456789", 10), 0);
    assert_int_equal(trine_pwrite(fd, "xy", 2, 4), 2);
    assert_int_equal(trine_pread(fd, got, 4, 3), 4);
    assert_memory_equal(got, "3xy6", 4);
    assert_int_equal(trine_read(fd, got, sizeof got), 0); /* the position stayed at the end */
    assert_int_equal(lseek(fd, 8, SEEK_SET), 8);
    assert_int_equal(trine_read_all(fd, got, sizeof got), 2);
    assert_memory_equal(got, "89", 2);
    assert_int_equal(trine_pread(fd, got, sizeof got, 10), 0);
    assert_int_equal(trine_pread(fd, got, 1, -1), -EINVAL);
    assert_int_equal(trine_pwrite(fd, got, 1, -1), -EINVAL);
    assert_int_equal(trine_fsync(fd), 0);
    assert_int_equal(trine_wait_fd(fd, TRINE_READABLE), TRINE_READABLE);
    assert_int_equal(trine_close(fd), 0);
    return 0;
}

enum { WRITERS = 10, LINES = 100, LINE = 11 };

static int write_lines(void *fd)
{
    for (int i = 0; i < LINES; i++) {
        int error = trine_write_all(*(int *)fd, "0123456789\n", LINE);
        if (error < 0)
            return error;
    }
    return 0;
}

static int write_together(void *fd)
{
    struct trine_group group;
    trine_group_open(&group, NULL);
    for (int i = 0; i < WRITERS; i++)
        trine_spawn(&group, write_lines, fd);
    return trine_group_close(&group);
}

static void tasks_that_share_a_file_lose_nothing(void **state)
{
    static char content[WRITERS * LINES * LINE + 1];
    int fd = open_temporary();
    assert_int_equal(trine_run(write_together, &fd, NULL), 0);
    assert_int_equal(pread(fd, content, sizeof content, 0), sizeof content - 1);
    for (size_t i = 0; i < WRITERS * LINES; i++)
        assert_memory_equal(content + i * LINE, "0123456789\n", LINE);
    close(fd);
}

IN_BOTH(files_are_opened)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/trine-fd-test-%d", (int)getpid());
    mode_t mask = umask(0);
    int fd = trine_open(path, O_CREAT | O_EXCL | O_RDWR, 0640);
    umask(mask);
    assert_true(fd >= 0);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(trine_open(path, O_CREAT | O_EXCL | O_RDWR, 0600), -EEXIST);
    unlink(path);
    assert_int_equal(trine_open(path, O_RDONLY, 0), -ENOENT);
    assert_int_equal(trine_close(fd), 0);
    return 0;
}

/* ---- waiting for a descriptor */

IN_BOTH(directions_that_are_ready_are_told)
{
    struct stream stream = open_stream(SOCKET);
    const int both = TRINE_READABLE | TRINE_WRITABLE;
    assert_int_equal(trine_wait_fd(stream.in, both), TRINE_WRITABLE);
    assert_int_equal(write(stream.out, "x", 1), 1);
    assert_int_equal(trine_wait_fd(stream.in, TRINE_READABLE), TRINE_READABLE);
    assert_int_equal(trine_wait_fd(stream.in, both), both);
    close(stream.out);
    assert_int_equal(trine_wait_fd(stream.in, TRINE_READABLE), TRINE_READABLE);
    close(stream.in);
    stream = open_stream(PIPE); /* nobody will ever read: the call to find that out is write */
    close(stream.in);
    assert_int_equal(trine_wait_fd(stream.out, TRINE_WRITABLE), TRINE_WRITABLE);
    assert_int_equal(trine_wait_fd(stream.out, 0), -EINVAL);
    assert_int_equal(trine_wait_fd(stream.out, 2), -EINVAL);
    close(stream.out);
    return 0;
}

/* ---- faults */

IN_BOTH(a_failing_disk_is_told_and_nothing_is_lost)
{
    struct stream stream = open_stream(PIPE);
    char got[8];
    assert_int_equal(write(stream.out, "hello", 5), 5);
    trine__fault_plan("fail:1:op=read:errno=EIO");
    assert_int_equal(trine_read(stream.in, got, sizeof got), -EIO);
    assert_int_equal(trine__fault_hits(), 1);
    assert_int_equal(trine_read(stream.in, got, sizeof got), 5);
    trine__fault_plan(NULL);
    close_stream(stream);
    return 0;
}

IN_BOTH(short_writes_are_continued)
{
    for (int kind = 0; kind < KINDS; kind++) {
        struct stream stream = open_stream(kind);
        char got[64];
        trine__fault_plan(kind < SOCKET ? "short:1+:op=write" : "short:1+:op=send");
        assert_int_equal(trine_write_all(stream.out, "one byte at a time", 18), 0);
        assert_int_equal(trine__fault_hits(), 17);
        trine__fault_plan("short:1+:op=read");
        assert_int_equal(trine_read_all(stream.in, got, 18), 18);
        assert_int_equal(trine__fault_hits(), 17);
        trine__fault_plan(NULL);
        assert_memory_equal(got, "one byte at a time", 18);
        close_stream(stream);
    }
    return 0;
}

/* ---- files that cannot grow */

/* A part of the bytes fits, the rest is refused: what was written stays as it was. */
IN_BOTH(a_write_that_fits_in_part_is_not_written_over)
{
    struct rlimit before, ten;
    char content[32] = "", name[] = "/tmp/trine-fd-XXXXXX";
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    ten = (struct rlimit){ 10, before.rlim_max };
    int fd = mkstemp(name);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &ten), 0);
    ssize_t first = trine_write(fd, "abcdefghijklmnop", 16);
    ssize_t second = trine_write(fd, "klmnop", 6);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(first, 10);
    assert_int_equal(second, -EFBIG);
    assert_int_equal(pread(fd, content, sizeof content, 0), 10);
    assert_memory_equal(content, "abcdefghij", 10);
    close(fd);
    unlink(name);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_write_that_fits_in_part_is_not_written_over),
        BOTH(bytes_pass_and_the_end_is_told),
        BOTH(a_read_waits_for_the_bytes),
        BOTH(write_all_waits_for_room_again_and_again),
        BOTH(a_write_without_room_ends_at_the_deadline),
        BOTH(a_read_ends_at_the_deadline),
        BOTH(without_time_a_call_tries_once),
        BOTH(a_cancel_from_another_thread_ends_a_read),
        BOTH(a_cancelled_call_does_nothing),
        BOTH(no_byte_is_lost_in_a_thousand_cancelled_reads),
        ONE(no_byte_is_lost_when_a_sibling_cancels),
        BOTH(a_socket_without_a_reader_says_so_without_a_signal),
        BOTH(what_is_no_descriptor_is_told),
        BOTH(files_are_read_and_written_at_offsets_and_at_the_position),
        ONE(tasks_that_share_a_file_lose_nothing),
        BOTH(files_are_opened),
        BOTH(directions_that_are_ready_are_told),
        BOTH(a_failing_disk_is_told_and_nothing_is_lost),
        BOTH(short_writes_are_continued),
    };
    return RUN_TESTS(tests);
}
