# SPDX-License-Identifier: MIT
"""W8, concurrent.futures: ThreadPoolExecutor with two workers."""
import time
from concurrent.futures import ThreadPoolExecutor

from bench import count, report


def job(arg):
    return arg + 1


def windows(pool, jobs, window):
    for first in range(0, jobs, window):
        for future in [pool.submit(job, arg) for arg in range(first, first + window)]:
            future.result()


def asleep(pool, jobs):
    """One at a time, with a pause before each in which the workers fall asleep."""
    spent = 0
    for arg in range(jobs):
        until = time.monotonic_ns() + 200_000
        while time.monotonic_ns() < until:
            pass
        start = time.monotonic_ns()
        pool.submit(job, arg).result()
        spent += time.monotonic_ns() - start
    return spent


with ThreadPoolExecutor(2) as pool:
    jobs = count(100_000)
    wall, start = time.monotonic_ns(), time.process_time_ns()
    windows(pool, jobs, 1000)
    report("pool_wall", (time.monotonic_ns() - wall) / jobs, "ns")
    report("pool_cpu", (time.process_time_ns() - start) / jobs, "ns")

    jobs = count(20_000)
    wall = time.monotonic_ns()
    windows(pool, jobs, 1)
    report("single_wall", (time.monotonic_ns() - wall) / jobs, "ns")

    jobs = count(1000)
    report("asleep_wall", asleep(pool, jobs) / jobs, "ns")
