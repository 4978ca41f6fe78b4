# SPDX-License-Identifier: MIT
"""W3, asyncio and uvloop: Queue, Lock and Semaphore between two tasks of one loop and alone; a
Future that is done when it is awaited; a queue fed by a thread."""
import asyncio
import time

from bench import count, report, run


async def produce(queue, items):
    for item in range(items):
        await queue.put(item)


async def consume(queue, items):
    for item in range(items):
        assert await queue.get() == item


async def queues(items):
    for capacity in (10, 1000):
        queue, start = asyncio.Queue(capacity), time.process_time_ns()
        await asyncio.gather(produce(queue, items), consume(queue, items))
        report(f"queue_tasks_{capacity}", (time.process_time_ns() - start) / items, "ns")


def produce_from_a_thread(queue, items, loop):
    for item in range(items):
        asyncio.run_coroutine_threadsafe(queue.put(item), loop).result()


async def queue_from_a_thread(items):
    queue, loop = asyncio.Queue(10), asyncio.get_running_loop()
    wall, cpu = time.monotonic_ns(), time.process_time_ns()
    await asyncio.gather(asyncio.to_thread(produce_from_a_thread, queue, items, loop),
                         consume(queue, items))
    report("queue_in_10", (time.monotonic_ns() - wall) / items, "ns")
    report("queue_in_10_cpu", (time.process_time_ns() - cpu) / items, "ns")


async def alone(lock, turns):
    for _ in range(turns):
        async with lock:
            pass


async def with_a_switch(lock, turns):
    for _ in range(turns):
        async with lock:
            await asyncio.sleep(0)


async def locks(name, lock, turns):
    start = time.process_time_ns()
    await alone(lock, turns)
    report(f"{name}_alone", (time.process_time_ns() - start) / turns, "ns")
    start = time.process_time_ns()
    await asyncio.gather(*[with_a_switch(lock, turns // 4) for _ in range(2)])
    report(f"{name}_tasks", (time.process_time_ns() - start) / (turns // 2), "ns")


async def oneshot(times):
    loop, start = asyncio.get_running_loop(), time.process_time_ns()
    for value in range(times):
        future = loop.create_future()
        future.set_result(value)
        assert await future == value
    report("oneshot", (time.process_time_ns() - start) / times, "ns")


async def main():
    await queues(count(200_000))
    await locks("mutex", asyncio.Lock(), count(200_000))
    await locks("semaphore", asyncio.Semaphore(1), count(200_000))
    await oneshot(count(500_000))
    await queue_from_a_thread(count(10_000))


run(main())
