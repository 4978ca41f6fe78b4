/* SPDX-License-Identifier: MIT */
#include "sys/cpus.h"
#include "sys/sys.h"
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];

/* Writes `text` to the file `path` under the root, making its folders. */
static void write_file(const char *path, const char *text)
{
    char full[256];
    snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        trine__sys_mkdir(full, 0700);
        *slash = '/';
    }
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int quota_with(const char *membership)
{
    char path[128];
    write_file("membership", membership);
    snprintf(path, sizeof path, "%s/membership", root);
    return trine__cpus_quota(path, root);
}

static int make_root(void **state)
{
    strcpy(root, "/tmp/trine-cpus-XXXXXX");
    return mkdtemp(root) == NULL;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    return remove(path);
}

static int remove_root(void **state)
{
    return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void a_quota_is_rounded_up(void **state)
{
    write_file("box/cpu.max", "150000 100000\n");
    assert_int_equal(quota_with("0::/box\n"), 2);
    write_file("box/cpu.max", "10000 100000\n");
    assert_int_equal(quota_with("0::/box\n"), 1);
    write_file("box/cpu.max", "300000 100000\n");
    assert_int_equal(quota_with("0::/box\n"), 3);
}

static void no_quota_is_no_limit(void **state)
{
    write_file("box/cpu.max", "max 100000\n");
    assert_int_equal(quota_with("0::/box\n"), 0);
    assert_int_equal(quota_with("0::/elsewhere\n"), 0);
    assert_int_equal(quota_with(""), 0);
    assert_int_equal(quota_with("nonsense\n"), 0);
}

static void the_least_of_all_ancestors_counts(void **state)
{
    write_file("a/cpu.max", "200000 100000\n");
    write_file("a/b/cpu.max", "max 100000\n");
    write_file("a/b/c/cpu.max", "500000 100000\n");
    assert_int_equal(quota_with("0::/a/b/c\n"), 2);
}

static void a_path_outside_of_the_mount_falls_back_to_its_root(void **state)
{
    write_file("cpu.max", "400000 100000\n");
    assert_int_equal(quota_with("0::/of/the/host\n"), 4);
    assert_int_equal(quota_with("0::/\n"), 4);
}

static void version_one_is_read_too(void **state)
{
    write_file("cpu/job/cpu.cfs_quota_us", "250000\n");
    write_file("cpu/job/cpu.cfs_period_us", "100000\n");
    assert_int_equal(quota_with("5:memory:/job\n4:cpu,cpuacct:/job\n"), 3);
    assert_int_equal(quota_with("4:cpuset,cpu:/job\n"), 3);
    assert_int_equal(quota_with("4:cpuset,cpuacct:/job\n"), 0);
    write_file("cpu/job/cpu.cfs_quota_us", "-1\n");
    assert_int_equal(quota_with("4:cpu,cpuacct:/job\n"), 0);
}

static void the_count_follows_the_affinity_mask(void **state)
{
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    assert_in_range(trine__sys_cpu_count(), 1, CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(trine__sys_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

/* Runs first: the answer is kept, and must not be that of a thread that was bound when it asked. */
static void a_bound_thread_does_not_speak_for_the_process(void **state)
{
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int count = trine__sys_cpu_count();
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(trine__cpus_several(), count > 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_thread_does_not_speak_for_the_process),
        cmocka_unit_test_setup_teardown(a_quota_is_rounded_up, make_root, remove_root),
        cmocka_unit_test_setup_teardown(no_quota_is_no_limit, make_root, remove_root),
        cmocka_unit_test_setup_teardown(the_least_of_all_ancestors_counts, make_root, remove_root),
        cmocka_unit_test_setup_teardown(a_path_outside_of_the_mount_falls_back_to_its_root,
                                        make_root, remove_root),
        cmocka_unit_test_setup_teardown(version_one_is_read_too, make_root, remove_root),
        cmocka_unit_test(the_count_follows_the_affinity_mask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
