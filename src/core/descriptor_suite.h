/* SPDX-License-Identifier: MIT */
/* The frame of tests that must leave no descriptor behind, in a task and in a plain thread. */
#ifndef TRINE_CORE_DESCRIPTOR_SUITE_H
#define TRINE_CORE_DESCRIPTOR_SUITE_H

#include "core/suite.h"
#include <dirent.h>

static int descriptors_before;

static int count_descriptors(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static int begin(void **state)
{
    descriptors_before = count_descriptors();
    return begin_test(state);
}

static int end(void **state)
{
    trine__fault_plan(NULL);
    assert_int_equal(count_descriptors(), descriptors_before);
    return end_test(state);
}

#define ONE(name)  cmocka_unit_test_setup_teardown(name, begin, end)
#define BOTH(name) ONE(name##_in_a_task), ONE(name##_in_a_thread)

#endif
