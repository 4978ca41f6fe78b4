# SPDX-License-Identifier: MIT
"""W1, asyncio and uvloop: sleep(0) in two and in a thousand tasks."""
import asyncio
import time

from bench import count, report, run


async def take_turns(laps):
    for _ in range(laps):
        await asyncio.sleep(0)


async def round_robin(members, switches):
    start = time.process_time()
    await asyncio.gather(*[take_turns(switches // members) for _ in range(members)])
    return (time.process_time() - start) / switches * 1e9


async def main():
    switches = count(500_000)
    report("yield_2", await round_robin(2, switches), "ns")
    report("yield_1000", await round_robin(1000, switches), "ns")


run(main())
