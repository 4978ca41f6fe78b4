# SPDX-License-Identifier: MIT
"""W2, asyncio and uvloop: tasks one at a time and gathered by the thousand; parked tasks; futures
that only have a callback."""
import asyncio
import os
import time

from bench import count, memory, report, run


async def nothing():
    pass


async def park(future):
    await future


async def spawn(tasks):
    start = time.process_time()
    for _ in range(tasks):
        await asyncio.create_task(nothing())
    report("spawn_one", (time.process_time() - start) / tasks * 1e9, "ns")

    start = time.process_time()
    for _ in range(tasks // 1000):
        await asyncio.gather(*[nothing() for _ in range(1000)])
    report("spawn_1000", (time.process_time() - start) / tasks * 1e9, "ns")


async def alive(tasks):
    never = asyncio.get_running_loop().create_future()
    before, start = memory(), time.process_time()
    parked = [asyncio.create_task(park(never)) for _ in range(tasks)]
    await asyncio.sleep(0)
    report("parked_create", (time.process_time() - start) / tasks * 1e9, "ns")
    report("parked_bytes", (memory() - before) / tasks, "B")
    report("parked_count", len(parked), "tasks")
    with open("/proc/self/maps") as maps:
        report("parked_maps", len(maps.readlines()), "maps")
    return parked


async def waiting(futures):
    loop, before = asyncio.get_running_loop(), memory()
    pending = [loop.create_future() for _ in range(futures)]
    for future in pending:
        future.add_done_callback(print)
    report("waiting_bytes", (memory() - before) / futures, "B")
    return pending


async def main():
    await spawn(count(100_000))
    keep = await alive(count(100_000)), await waiting(count(100_000))
    os._exit(len(keep) != 2)  # without ending them one by one


run(main())
