# SPDX-License-Identifier: MIT
"""W3, threading: queue.Queue, Lock and Semaphore, alone and between two threads."""
import queue
import threading
import time

from bench import count, report


def on_both(here, there, times, name):
    """Wall and CPU time of a step, with `there` in a thread of its own."""
    thread = threading.Thread(target=there)
    wall, cpu = time.monotonic_ns(), time.process_time_ns()
    thread.start()
    here()
    thread.join()
    report(name, (time.monotonic_ns() - wall) / times, "ns")
    report(f"{name}_cpu", (time.process_time_ns() - cpu) / times, "ns")


def flow(capacity, items):
    between = queue.Queue(capacity)

    def produce():
        for item in range(items):
            between.put(item)

    def consume():
        for item in range(items):
            assert between.get() == item

    on_both(consume, produce, items, f"queue_threads_{capacity}")


def locks(name, lock, turns):
    def take_turns(times):
        for _ in range(times):
            with lock:
                pass

    start = time.process_time_ns()
    take_turns(turns)
    report(f"{name}_alone_safe", (time.process_time_ns() - start) / turns, "ns")
    on_both(lambda: take_turns(turns // 2), lambda: take_turns(turns // 2), turns,
            f"{name}_threads")


flow(10, count(100_000))
flow(1000, count(100_000))
locks("mutex", threading.Lock(), count(1_000_000))
locks("semaphore", threading.Semaphore(1), count(200_000))
