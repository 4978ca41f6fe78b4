# SPDX-License-Identifier: MIT
"""What is measured: the rows, their measures with the goals, and the programs.

A program prints `key value unit` lines; the same key means the same measure in every program. The
first limit of a row that prints a key is "the limit" for it.

Goals in absolute times were set on one machine, so each also stands as a ratio to what was measured
in the same run: the absolute time divided by what the limit took on that machine. Either will do.
"""
from dataclasses import dataclass

from .build import C, Cargo, Cxx, Go, Python, Tool, Trine

ROWS = {
    "W1": "switching",
    "W2": "spawn, join, memory",
    "W3": "locks, queues, select, generators",
    "W4": "a million sleepers",
    "W7": "15 slow pages",
    "W8": "thread pool, 2 workers",
}


@dataclass(frozen=True)
class AtMost:
    value: float

    def text(self, unit):
        return f"<= {self.value:,} {unit}"


@dataclass(frozen=True)
class AtLeast:
    value: float

    def text(self, unit):
        return f">= {self.value:,}"


@dataclass(frozen=True)
class Times:
    """At most `factor` times what `program` took for `key` (None: the same measure)."""
    factor: float
    program: str = "limit"
    key: str | None = None

    def text(self, unit):
        of = f" {self.key}" if self.key else ""
        return f"<= {self.factor:g}x {self.program}{of}"


@dataclass(frozen=True)
class Measure:
    row: str
    key: str
    title: str
    goals: tuple = ()
    full_only: bool = False     # the goals are for full counts: a quick run says nothing about them
    contended: bool = False     # what disturbs it can make it less: medians are compared


MEASURES = [
    Measure("W1", "switch", "raw switch, two stacks", (Times(1.3),)),
    Measure("W1", "yield_2", "yield, 2 tasks", (AtMost(6), Times(3.5, key="switch"))),
    Measure("W1", "yield_1000", "yield, 1,000 tasks round robin", (Times(1.5),)),

    Measure("W2", "spawn_one", "spawn + run + join, warm", (AtMost(20), Times(2.7))),
    Measure("W2", "spawn_1000", "the same, 1,000 at once", (AtMost(30), Times(4.0))),
    Measure("W2", "parked_count", "parked tasks reached", (AtLeast(1_000_000),), True),
    Measure("W2", "parked_guards", "guarded stacks among them", (AtLeast(1_000_000),), True),
    Measure("W2", "parked_maps", "memory maps of the process"),
    Measure("W2", "parked_bytes", "a parked task, all in", (AtMost(4400),)),
    Measure("W2", "parked_create", "to make one parked task", (AtMost(1700), Times(1.13))),
    Measure("W2", "waiting_bytes", "waiting without a stack", (AtMost(160),)),

    Measure("W3", "mutex_alone", "mutex alone, one thread", (AtMost(5), Times(9.2))),
    Measure("W3", "mutex_alone_safe", "mutex alone, thread-safe", (AtMost(15), Times(3.4))),
    Measure("W3", "mutex_tasks", "mutex, 2 tasks that keep it over a switch"),
    Measure("W3", "mutex_threads", "mutex, 2 threads, wall", contended=True),
    Measure("W3", "mutex_threads_cpu", "mutex, 2 threads, CPU", contended=True),
    Measure("W3", "semaphore_alone", "semaphore alone, one thread"),
    Measure("W3", "semaphore_alone_safe", "semaphore alone, thread-safe"),
    Measure("W3", "semaphore_tasks", "semaphore, 2 tasks that keep it over a switch"),
    Measure("W3", "semaphore_threads", "semaphore, 2 threads, wall", contended=True),
    Measure("W3", "semaphore_threads_cpu", "semaphore, 2 threads, CPU", contended=True),
    Measure("W3", "queue_tasks_0", "hand-over, 2 tasks"),
    Measure("W3", "queue_tasks_10", "queue(10), 2 tasks", (AtMost(12), Times(6.3))),
    Measure("W3", "queue_tasks_1000", "queue(1000), 2 tasks"),
    Measure("W3", "queue_threads_0", "hand-over, 2 threads, wall"),
    Measure("W3", "queue_threads_10", "queue(10), 2 threads, wall", (AtMost(45), Times(2.1))),
    Measure("W3", "queue_threads_10_cpu", "queue(10), 2 threads, CPU", (AtMost(90), Times(2.1))),
    Measure("W3", "queue_threads_1000", "queue(1000), 2 threads, wall"),
    Measure("W3", "queue_in_0", "hand-over, thread to task, wall"),
    Measure("W3", "queue_in_10", "queue(10), thread to task, wall"),
    Measure("W3", "queue_in_10_cpu", "queue(10), thread to task, CPU"),
    Measure("W3", "queue_in_1000", "queue(1000), thread to task, wall"),
    Measure("W3", "queue_out_0", "hand-over, task to thread, wall"),
    Measure("W3", "queue_out_10", "queue(10), task to thread, wall"),
    Measure("W3", "queue_out_10_cpu", "queue(10), task to thread, CPU"),
    Measure("W3", "queue_out_1000", "queue(1000), task to thread, wall"),
    Measure("W3", "select_all_2", "select of 2, all ready"),
    Measure("W3", "select_one_2", "select of 2, one ready"),
    Measure("W3", "select_none_2", "select of 2, none ready, no waiting"),
    Measure("W3", "select_wait_2", "select of 2, waits for another task"),
    Measure("W3", "select_all_100", "select of 100, all ready"),
    Measure("W3", "select_one_100", "select of 100, one ready"),
    Measure("W3", "select_none_100", "select of 100, none ready, no waiting"),
    Measure("W3", "select_wait_100", "select of 100, waits for another task"),
    Measure("W3", "oneshot", "promise: make, resolve, await, drop"),
    Measure("W3", "generator", "generator, next + yield"),
    Measure("W3", "generator_send", "generator, send + yield"),

    Measure("W4", "fresh_cpu", "CPU, on fresh memory",
            (AtMost(1.9), Times(0.95, "tokio, 1 thread")), True),
    Measure("W4", "fresh_wall", "wall, on fresh memory"),
    Measure("W4", "fresh_late_mean", "late, mean", (AtMost(5),), True),
    Measure("W4", "fresh_late_max", "late, max"),
    Measure("W4", "warm_cpu", "CPU, second round", (AtMost(0.7), Times(2.2)), True),
    Measure("W4", "warm_wall", "wall, second round"),
    Measure("W4", "warm_late_mean", "late, mean, second round", (AtMost(5),), True),
    Measure("W4", "warm_late_max", "late, max, second round"),
    Measure("W4", "timers_peak", "peak memory"),

    Measure("W7", "pages_wall", "all pages (longest delay 98.1)", (AtMost(100),)),
    Measure("W7", "pages_whole", "the whole process", (AtMost(103),)),

    Measure("W8", "pool_wall", "window of 1,000, wall a job", (AtMost(90), Times(1.95))),
    Measure("W8", "pool_cpu", "window of 1,000, CPU a job", (AtMost(180), Times(2.0))),
    Measure("W8", "single_wall", "one at a time, workers awake", (AtMost(1000),)),
    Measure("W8", "asleep_wall", "one at a time, workers asleep", (Times(1.1, "limit: ring"),)),
]


@dataclass(frozen=True)
class Program:
    row: str
    side: str           # limit, trine or peer
    name: str
    build: object       # how to make it, see build.py
    args: tuple = ("{divisor}",)
    cores: int = 1      # cores it may use; one core is never the first, where interrupts go
    passes: int = 99    # at most; for what is too slow to repeat
    env: tuple = ()
    aside: bool = False  # shown, but not a best peer: it does less than the others


def limit(row, name, build, **more):
    return Program(row, "limit", name, build, **more)


def trine(row, name, build, **more):
    return Program(row, "trine", name, build, **more)


def peer(row, name, build, **more):
    return Program(row, "peer", name, build, **more)


X86 = {"machine": "x86_64"}
ONE_PROC = (("GOMAXPROCS", "1"),)
TWO_PROCS = (("GOMAXPROCS", "2"),)

ST = {"libs": ("st",), "header": "st.h", "package": "libst-dev"}
UV = {"libs": ("uv",), "header": "uv.h", "package": "libuv1-dev"}
TBB = {"libs": ("tbb",), "header": "tbb/task_group.h", "package": "libtbb-dev"}
CONTEXT = {"libs": ("boost_context",), "header": "boost/context/detail/fcontext.hpp",
           "package": "libboost-context-dev"}
FIBER = {"libs": ("boost_fiber", "boost_context"), "header": "boost/fiber/all.hpp",
         "package": "libboost-fiber-dev"}

DELAY_SERVER = C("common/delayserver.c")
PORT = ("1", "{port}")

PROGRAMS = [
    limit("W1", "limit: six registers, jump", C("limit/w1_switch.c", **X86)),
    limit("W1", "limit: with FPU control words", C("limit/w1_switch.c", **X86),
          args=("{divisor}", "words")),
    limit("W1", "limit: inline", C("limit/w1_switch.c", **X86), args=("{divisor}", "inline")),
    trine("W1", "Trine, raw switch", Trine("w1_switch")),
    trine("W1", "Trine", Trine("w1_yield")),
    peer("W1", "boost.context", Cxx("peers/boost/w1_switch.cpp", **CONTEXT)),
    peer("W1", "boost.fiber", Cxx("peers/boost/w1_yield.cpp", **FIBER)),
    peer("W1", "State Threads", C("peers/st/w1_yield.c", **ST)),
    peer("W1", "Go, 1 proc", Go("w1_yield"), env=ONE_PROC),
    peer("W1", "tokio, 1 thread", Cargo("w1_yield"), args=("{divisor}", "1")),
    peer("W1", "tokio, 2 threads", Cargo("w1_yield"), args=("{divisor}", "2"), cores=2),
    peer("W1", "asyncio", Python("w1_yield"), args=("{divisor}", "asyncio")),
    peer("W1", "uvloop", Python("w1_yield", "uvloop"), args=("{divisor}", "uvloop")),
    peer("W1", "threads, futex, same core", C("peers/threads/w1_handover.c")),
    peer("W1", "threads, sched_yield", C("peers/threads/w1_handover.c"),
         args=("{divisor}", "sched_yield")),

    limit("W2", "limit: warm stacks", C("limit/w2_spawn.c", **X86)),
    limit("W2", "limit: guarded slab", C("limit/w2_parked.c", **X86)),
    limit("W2", "limit: bare record", C("limit/w2_waiting.c")),
    trine("W2", "Trine, a group each", Trine("w2_spawn")),
    trine("W2", "Trine, one open group", Trine("w2_spawn"), args=("{divisor}", "join")),
    trine("W2", "Trine, 1,000,000 tasks", Trine("w2_parked"), args=("{divisor}", "1000000")),
    trine("W2", "Trine, 100,000 tasks", Trine("w2_parked"), args=("{divisor}", "100000")),
    trine("W2", "Trine, callbacks", Trine("w2_waiting")),
    peer("W2", "State Threads", C("peers/st/w2_tasks.c", **ST)),
    peer("W2", "boost.fiber", Cxx("peers/boost/w2_tasks.cpp", **FIBER)),
    peer("W2", "Go, 1 proc", Go("w2_tasks"), env=ONE_PROC),
    peer("W2", "tokio, 1 thread", Cargo("w2_tasks"), args=("{divisor}", "1")),
    peer("W2", "tokio, 2 threads", Cargo("w2_tasks"), args=("{divisor}", "2"), cores=2),
    peer("W2", "asyncio", Python("w2_tasks"), args=("{divisor}", "asyncio")),
    peer("W2", "uvloop", Python("w2_tasks", "uvloop"), args=("{divisor}", "uvloop")),

    limit("W3", "limit: a word", C("limit/w3_locks.c", **X86), cores=2),
    limit("W3", "limit: rings", C("limit/w3_queue.c", **X86), cores=2),
    limit("W3", "limit: heap record", C("limit/w3_oneshot.c", **X86)),
    limit("W3", "limit: two stacks", C("limit/w3_generator.c", **X86)),
    limit("W3", "limit: callback", C("limit/w3_generator.c", **X86),
          args=("{divisor}", "callback")),
    trine("W3", "Trine", Trine("w3_mutex"), cores=2),
    trine("W3", "Trine", Trine("w3_semaphore"), cores=2),
    trine("W3", "Trine", Trine("w3_queue"), cores=2),
    trine("W3", "Trine, one thread", Trine("w3_select")),
    trine("W3", "Trine, thread-safe", Trine("w3_select"), args=("{divisor}", "threads")),
    trine("W3", "Trine", Trine("w3_oneshot")),
    trine("W3", "Trine", Trine("w3_generator")),
    peer("W3", "Go, 1 proc", Go("w3_sync"), env=ONE_PROC),
    peer("W3", "Go, 2 procs", Go("w3_sync"), env=TWO_PROCS, cores=2),
    peer("W3", "Go, 1 proc", Go("w3_select"), env=ONE_PROC),
    peer("W3", "tokio, 1 thread", Cargo("w3_locks"), args=("{divisor}", "1")),
    peer("W3", "tokio, 2 threads", Cargo("w3_locks"), args=("{divisor}", "2"), cores=2),
    peer("W3", "tokio, 1 thread", Cargo("w3_queue"), args=("{divisor}", "1")),
    peer("W3", "tokio, 2 threads", Cargo("w3_queue"), args=("{divisor}", "2"), cores=2),
    peer("W3", "tokio and a thread", Cargo("w3_queue"), args=("{divisor}", "1", "across"), cores=2),
    peer("W3", "tokio, 1 thread", Cargo("w3_select"), args=("{divisor}", "1")),
    peer("W3", "asyncio", Python("w3_tasks"), args=("{divisor}", "asyncio"), cores=2),
    peer("W3", "uvloop", Python("w3_tasks", "uvloop"), args=("{divisor}", "uvloop"), cores=2),
    peer("W3", "Python threading", Python("w3_threads"), cores=2),
    peer("W3", "Python generator", Python("w3_generator")),
    peer("W3", "pthread_mutex, sem_t", C("peers/threads/w3_locks.c"), cores=2),
    peer("W3", "mutex + 2 conditions", C("peers/threads/w3_queue.c"), cores=2),

    limit("W4", "limit: 4-ary heap", C("limit/w4_timers.c")),
    limit("W4", "limit: wheel, 1 ms", C("limit/w4_timers.c"), args=("{divisor}", "wheel")),
    trine("W4", "Trine", Trine("w4_timers")),
    peer("W4", "tokio, 1 thread", Cargo("w4_timers"), args=("{divisor}", "1")),
    peer("W4", "tokio, 2 threads", Cargo("w4_timers"), args=("{divisor}", "2"), cores=2),
    peer("W4", "Go, 1 proc", Go("w4_timers"), env=ONE_PROC),
    peer("W4", "Go, 2 procs", Go("w4_timers"), cores=2),
    peer("W4", "libuv timers, no tasks", C("peers/uv/w4_timers.c", **UV), aside=True),
    peer("W4", "asyncio", Python("w4_timers"), args=("{divisor}", "asyncio"), passes=1),
    peer("W4", "uvloop", Python("w4_timers", "uvloop"), args=("{divisor}", "uvloop"), passes=1),
    peer("W4", "State Threads, only 20,000", C("peers/st/w4_timers.c", **ST), aside=True),

    limit("W7", "limit: bare epoll", C("limit/w7_pages.c"), args=PORT),
    trine("W7", "Trine", Trine("w7_pages"), args=PORT),
    peer("W7", "Go net/http", Go("w7_pages"), args=PORT),
    peer("W7", "aiohttp", Python("w7_pages", "aiohttp"), args=PORT + ("aiohttp",)),
    peer("W7", "Python threads, urllib", Python("w7_pages"), args=PORT + ("threads",)),
    peer("W7", "curl -Z", Tool("curl"),
         args=("-s", "-S", "-Z", "--parallel-immediate", "--parallel-max", "15", "-o", "/dev/null",
               "http://127.0.0.1:{port}/page/[0-14]")),

    limit("W8", "limit: lanes", C("limit/w8_lanes.c", **X86), cores=2),
    limit("W8", "limit: ring", C("limit/w8_ring.c", **X86), cores=2),
    trine("W8", "Trine", Trine("w8_pool"), cores=2),
    trine("W8", "Trine, from a task", Trine("w8_pool"), args=("{divisor}", "task"), cores=2),
    peer("W8", "Go channels", Go("w8_pool"), cores=2),
    peer("W8", "oneTBB, submitter helps", Cxx("peers/tbb/w8_pool.cpp", **TBB), cores=2),
    peer("W8", "libuv queue_work", C("peers/uv/w8_pool.c", **UV), cores=2),
    peer("W8", "tokio spawn_blocking", Cargo("w8_pool"), cores=2),
    peer("W8", "ThreadPoolExecutor", Python("w8_pool"), cores=2),
]
