# SPDX-License-Identifier: MIT
"""Runs the programs, pass after pass, and keeps every figure.

Within a row the programs take turns, so that a slow minute of a shared machine hits all of them.
"""
import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass

TIMEOUT = 600


class Results:
    def __init__(self):
        self.values = {}    # (program, key) -> [value of each pass]
        self.units = {}     # key -> unit
        self.failures = []  # (program, what)

    def add(self, program, key, value, unit):
        self.values.setdefault((program, key), []).append(value)
        self.units[key] = unit


@contextlib.contextmanager
def on_cores(cores):
    """What is started inside runs on these cores. (taskset would add its own start to the time.)"""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class Pages:
    """W7's server: where it listens, and how many bytes all its pages have."""
    port: int
    bytes: int


@contextlib.contextmanager
def delay_server(binary):
    """Pages of a server that runs meanwhile, on the first core; the clients have the last one."""
    if binary is None:
        yield None
        return
    with on_cores({min(os.sched_getaffinity(0))}):
        server = subprocess.Popen([binary], text=True, stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE)
    try:
        words = server.stdout.readline().split()
        yield Pages(int(words[1]), int(words[3]))
    finally:
        server.stdin.close()
        server.wait(10)


def figures(out):
    """[(key, value, unit)] of a program's lines."""
    for line in out.splitlines():
        key, value, unit = line.split()
        yield key, float(value), unit


def execute(program, command, divisor, pages):
    """What the program printed, and its time from start to end in seconds."""
    every = sorted(os.sched_getaffinity(0))
    port = pages.port if pages else None
    words = command + [arg.format(divisor=divisor, port=port) for arg in program.args]
    with on_cores(set(every[-program.cores:])):
        started = time.monotonic()
        process = subprocess.Popen(words, text=True, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, **dict(program.env)})
    try:
        out, err = process.communicate(timeout=TIMEOUT)
    except BaseException:   # too slow, or the user's Ctrl-C
        process.kill()
        process.wait()
        raise
    whole = time.monotonic() - started
    if process.returncode != 0:
        said = err.strip().splitlines()[-1:] or ["says nothing"]
        raise ValueError(f"exit status {process.returncode}: {said[0]}")
    return out, whole


def run_once(program, command, divisor, pages, results):
    try:
        out, whole = execute(program, command, divisor, pages)
        found = list(figures(out))
        if program.row == "W7":
            received = {key: value for key, value, _ in found}.get("pages_bytes", pages.bytes)
            if received != pages.bytes:
                raise ValueError(f"received {received:,.0f} bytes of {pages.bytes:,}")
            found.append(("pages_whole", whole * 1e3, "ms"))
    except subprocess.TimeoutExpired:
        results.failures.append((program, f"no end after {TIMEOUT} s"))
    except ValueError as why:
        results.failures.append((program, str(why)))
    else:
        for key, value, unit in found:
            results.add(program, key, value, unit)


def warm_up(ready, divisor, pages):
    """Runs each row's limits once and forgets it: the first program to touch a virtual machine's
    memory pays the host for it, the later ones do not."""
    for program, command in ready:
        if program.side == "limit":
            run_once(program, command, divisor, pages, Results())


def all_passes(ready, passes, divisor, server):
    results = Results()
    with delay_server(server) as pages:
        for row in dict.fromkeys(program.row for program, _ in ready):
            turn = [(p, command) for p, command in ready if p.row == row]
            warm_up(turn, divisor, pages)
            for done in range(passes):
                for program, command in turn:
                    if done < program.passes and program not in dict(results.failures):
                        print(f"{row} pass {done + 1} of {passes}: {program.name}", file=sys.stderr)
                        run_once(program, command, divisor, pages, results)
    return results
