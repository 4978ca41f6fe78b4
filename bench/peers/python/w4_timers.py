# SPDX-License-Identifier: MIT
"""W4, asyncio and uvloop: a million tasks, each sleeping 0 to 1 s, once."""
import asyncio
import random
import time

from bench import count, report, run, status

late_sum, late_max = 0.0, 0.0


async def sleeper(length):
    global late_sum, late_max
    start = time.monotonic()
    await asyncio.sleep(length)
    late = time.monotonic() - start - length
    late_sum += late
    late_max = max(late_max, late)


async def main():
    sleepers = count(1_000_000)
    wall, start = time.monotonic(), time.process_time()
    await asyncio.gather(*[sleeper(random.random()) for _ in range(sleepers)])
    report("fresh_cpu", time.process_time() - start, "s")
    report("fresh_wall", time.monotonic() - wall, "s")
    report("fresh_late_mean", late_sum / sleepers * 1e3, "ms")
    report("fresh_late_max", late_max * 1e3, "ms")
    report("timers_peak", status("VmHWM:") / (1 << 20), "MiB")


run(main())
