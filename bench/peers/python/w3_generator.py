# SPDX-License-Identifier: MIT
"""W3, Python: a step of a generator, next and yield, and of one that is sent something each time."""
import time

from bench import count, report


def endless():
    value = 0
    while True:
        value += 1
        yield value


def increments():
    sent = yield
    while True:
        sent = yield sent + 1


def by_next(steps):
    total, values = 0, endless()
    start = time.process_time_ns()
    for _ in range(steps):
        total += next(values)
    spent = time.process_time_ns() - start
    assert total == steps * (steps + 1) // 2
    report("generator", spent / steps, "ns")


def by_send(steps):
    total, send = 0, increments().send
    send(None)
    start = time.process_time_ns()
    for value in range(steps):
        total += send(value)
    spent = time.process_time_ns() - start
    assert total == steps * (steps + 1) // 2
    report("generator_send", spent / steps, "ns")


by_next(count(2_000_000))
by_send(count(2_000_000))
