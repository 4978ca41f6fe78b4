/* SPDX-License-Identifier: MIT */
/* Files: the same answers from the ring and from worker threads, and a loop that sleeps meanwhile.
 */
#include "poll/poison.h"
#include "poll/suite.h"

static char directory[] = "/tmp/trine-poll-XXXXXX";

static int make_directory(void **state)
{
    snprintf(directory, sizeof directory, "/tmp/trine-poll-XXXXXX");
    return mkdtemp(directory) == NULL || open_poller(state) < 0 ? -1 : 0;
}

static int remove_directory(void **state)
{
    char path[64];
    snprintf(path, sizeof path, "%s/file", directory);
    unlink(path);
    int left = rmdir(directory);
    return close_poller(state) < 0 || left < 0 ? -1 : 0;
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

static int64_t open_file(const char *name, int flags)
{
    char path[64];
    struct call call;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    prepare(&call, TRINE__OP_OPEN, AT_FDCWD, path, 0600)->flags = flags;
    start(&call);
    return finish(&call);
}

static int64_t run_at(enum trine__verb verb, int fd, void *buf, size_t len, int64_t offset)
{
    struct call call;
    prepare(&call, verb, fd, buf, len)->offset = offset;
    start(&call);
    return finish(&call);
}

static void a_file_is_written_synced_and_read_back(void **state)
{
    char text[16] = "";
    struct stat status;
    struct call sync;
    int fd = (int)open_file("file", O_RDWR | O_CREAT | O_EXCL);
    assert_true(fd >= 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(run(TRINE__OP_WRITE, fd, "hello ", 6), 6);
    assert_int_equal(run(TRINE__OP_WRITE, fd, "world", 5), 5);
    assert_int_equal(run(TRINE__OP_FSYNC, fd, NULL, 0), 0);
    prepare(&sync, TRINE__OP_FSYNC, fd, NULL, 0)->flags = 1;
    start(&sync);
    assert_int_equal(finish(&sync), 0);
    assert_int_equal(run_at(TRINE__OP_READ, fd, text, sizeof text, 0), 11);
    assert_string_equal(text, "hello world");
    assert_int_equal(run(TRINE__OP_READ, fd, text, sizeof text),
                     0); /* the position is at the end */
    assert_int_equal(run(TRINE__OP_CLOSE, fd, NULL, 0), 0);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

static void offsets_are_independent_of_the_position(void **state)
{
    char text[4] = "";
    int fd = (int)open_file("file", O_RDWR | O_CREAT);
    assert_int_equal(run_at(TRINE__OP_WRITE, fd, "abcdef", 6, 0), 6);
    assert_int_equal(run_at(TRINE__OP_WRITE, fd, "XY", 2, 2), 2);
    assert_int_equal(run_at(TRINE__OP_READ, fd, text, 3, 1), 3);
    assert_string_equal(text, "bXY");
    assert_int_equal(run(TRINE__OP_READ, fd, text, 3), 3);
    assert_memory_equal(text, "abX", 3);
    assert_int_equal(run_at(TRINE__OP_READ, fd, text, 3, 100), 0);
    close(fd);
}

static void errors_of_files_are_results(void **state)
{
    char byte;
    assert_int_equal(open_file("missing", O_RDONLY), -ENOENT);
    int fd = (int)open_file("file", O_WRONLY | O_CREAT);
    assert_int_equal(open_file("file", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(run_at(TRINE__OP_READ, fd, &byte, 1, 0), -EBADF);
    assert_int_equal(run(TRINE__OP_FSYNC, 9999, NULL, 0), -EBADF);
    close(fd);
    fd = (int)open_file("", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    assert_int_equal(run(TRINE__OP_READ, fd, &byte, 1), -EISDIR);
    close(fd);
}

static void a_full_disk_is_told(void **state)
{
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        skip();
    assert_int_equal(run(TRINE__OP_WRITE, fd, "x", 1), -ENOSPC);
    close(fd);
}

static void running_out_of_descriptors_is_told(void **state)
{
    struct rlimit old, low;
    getrlimit(RLIMIT_NOFILE, &old);
    int next_free = dup(0);
    close(next_free);
    low = (struct rlimit){ .rlim_cur = (rlim_t)next_free, .rlim_max = old.rlim_max };
    setrlimit(RLIMIT_NOFILE, &low);
    int64_t refused = open_file("file", O_WRONLY | O_CREAT);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(refused, -EMFILE);
    int64_t fd = open_file("file", O_WRONLY | O_CREAT);
    assert_true(fd >= 0);
    close((int)fd);
}

static void an_accept_without_descriptors_is_told_and_loses_nothing(void **state)
{
    struct sockaddr_in address;
    struct rlimit old, low;
    int listener = listen_on_loopback(&address);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(client, (struct sockaddr *)&address, sizeof address), 0);
    getrlimit(RLIMIT_NOFILE, &old);
    low = (struct rlimit){ .rlim_cur = (rlim_t)client + 1, .rlim_max = old.rlim_max };
    setrlimit(RLIMIT_NOFILE, &low);
    int64_t refused = run(TRINE__OP_ACCEPT, listener, NULL, 0);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_int_equal(refused, -EMFILE);
    int64_t served = run(TRINE__OP_ACCEPT, listener, NULL, 0);
    assert_true(served >= 0);
    close((int)served);
    close(client);
    close(listener);
}

static void a_regular_file_is_always_ready(void **state)
{
    struct call call;
    int fd = (int)open_file("file", O_RDWR | O_CREAT);
    prepare(&call, TRINE__OP_POLL, fd, NULL, 0)->flags = POLLIN | POLLOUT;
    start(&call);
    assert_int_equal(finish(&call), POLLIN | POLLOUT);
    close(fd);
}

static void many_reads_of_one_file_go_on_together(void **state)
{
    enum { COUNT = 500 };
    static struct call calls[COUNT];
    static unsigned values[COUNT];
    int fd = (int)open_file("file", O_RDWR | O_CREAT);
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(pwrite(fd, &i, sizeof i, (off_t)(i * sizeof i)), sizeof i);
    for (unsigned i = 0; i < COUNT; i++) {
        prepare(&calls[i], TRINE__OP_READ, fd, &values[i], sizeof values[i])->offset =
            (int64_t)(i * sizeof i);
        start(&calls[i]);
    }
    for (unsigned i = 0; i < COUNT; i++) {
        assert_int_equal(finish(&calls[i]), sizeof values[i]);
        assert_int_equal(values[i], i);
    }
    close(fd);
}

static void queued_writes_can_be_taken_back_and_then_did_not_happen(void **state)
{
    enum { COUNT = 200 };
    static struct call calls[COUNT];
    int fd = (int)open_file("file", O_RDWR | O_CREAT);
    assert_int_equal(ftruncate(fd, COUNT), 0);
    for (int i = 0; i < COUNT; i++) {
        prepare(&calls[i], TRINE__OP_WRITE, fd, "x", 1)->offset = i;
        start(&calls[i]);
    }
    for (int i = COUNT - 1; i >= 0; i--) {
        char byte;
        int64_t result = cancel(&calls[i]);
        assert_true(result == 1 || result == -ECANCELED);
        assert_int_equal(pread(fd, &byte, 1, i), 1);
        assert_int_equal(byte, result == 1 ? 'x' : 0);
    }
    close(fd);
}

/* An open of a FIFO without a writer blocks its thread until one comes. (The ring opens it without
 * blocking, and has no threads of ours.) */
static void *open_for_writing_later(void *path)
{
    usleep(300 * 1000);
    return (void *)(intptr_t)open(path, O_WRONLY | O_CLOEXEC);
}

static void the_loop_sleeps_while_a_file_operation_takes_its_time(void **state)
{
    char path[64];
    struct call call;
    pthread_t other;
    void *writer;
    if (strcmp(backend, "epoll") != 0)
        skip();
    snprintf(path, sizeof path, "%s/file", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    pthread_create(&other, NULL, open_for_writing_later, path);
    int64_t cpu = trine__clock_cpu(), begun = trine__clock_monotonic();
    prepare(&call, TRINE__OP_OPEN, AT_FDCWD, path, 0)->flags = O_RDONLY;
    start(&call);
    int64_t fd = finish(&call);
    int64_t wall = trine__clock_monotonic() - begun;
    cpu = trine__clock_cpu() - cpu;
    pthread_join(other, &writer);
    assert_true(fd >= 0);
    assert_true(wall >= 250 * MILLISECOND);
    assert_true(cpu < wall / 5);
    close((int)fd);
    close((int)(intptr_t)writer);
}

/* In sanitizer builds only: the kernel must not write past a buffer unseen. */
static void an_over_long_read_is_reported(void **state)
{
#ifndef __SANITIZE_ADDRESS__
    skip();
#endif
    int status, fd = (int)open_file("file", O_RDWR | O_CREAT);
    assert_int_equal(ftruncate(fd, 1000), 0);
    pid_t child = fork();
    if (child == 0) {
        char *small = malloc(100);
        fclose(stderr);
        close(2);
        run_at(TRINE__OP_READ, fd, small, 1000, 0);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_not_equal(status, 0);
    close(fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(a_file_is_written_synced_and_read_back),
        WITH_DIRECTORY(offsets_are_independent_of_the_position),
        WITH_DIRECTORY(errors_of_files_are_results),
        WITH_DIRECTORY(a_full_disk_is_told),
        WITH_DIRECTORY(running_out_of_descriptors_is_told),
        WITH_DIRECTORY(an_accept_without_descriptors_is_told_and_loses_nothing),
        WITH_DIRECTORY(a_regular_file_is_always_ready),
        WITH_DIRECTORY(many_reads_of_one_file_go_on_together),
        WITH_DIRECTORY(queued_writes_can_be_taken_back_and_then_did_not_happen),
        WITH_DIRECTORY(an_over_long_read_is_reported),
        WITH_DIRECTORY(the_loop_sleeps_while_a_file_operation_takes_its_time),
    };
    return run_on_each_backend(tests, sizeof tests / sizeof tests[0]);
}
