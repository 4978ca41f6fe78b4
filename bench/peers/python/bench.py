# SPDX-License-Identifier: MIT
"""What the Python programs share: memory readings, counts, the loop asked for, one line per figure.

First argument: what to divide the counts by. Second: "uvloop" for its loop instead of asyncio's."""
import asyncio
import sys


def status(field):
    """One number of /proc/self/status, in bytes."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(field):
                return int(line.split()[1]) * 1024


def memory():
    """Resident pages and the page tables that map them."""
    return status("VmRSS:") + status("VmPTE:")


def report(key, value, unit):
    print(f"{key} {value:.9g} {unit}", flush=True)


def count(full):
    return full // max(1, int(sys.argv[1])) if len(sys.argv) > 1 else full


def run(main):
    if "uvloop" in sys.argv[2:]:
        import uvloop
        uvloop.install()
    asyncio.run(main)
