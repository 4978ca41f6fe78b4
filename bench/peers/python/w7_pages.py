# SPDX-License-Identifier: MIT
"""W7, aiohttp, or urllib in threads: 15 pages at once. Arguments: 1, port, aiohttp|threads."""
import sys
import time

from bench import report

PAGES = [f"http://127.0.0.1:{sys.argv[2]}/page/{page}" for page in range(15)]


def by_aiohttp():
    import asyncio
    import aiohttp

    async def fetch(session, url):
        async with session.get(url) as response:
            return len(await response.read())

    async def main():
        async with aiohttp.ClientSession() as session:
            return sum(await asyncio.gather(*[fetch(session, url) for url in PAGES]))

    return lambda: asyncio.run(main())


def by_threads():
    from concurrent.futures import ThreadPoolExecutor
    from urllib.request import urlopen

    def fetch(url):
        with urlopen(url) as response:
            return len(response.read())

    def main():
        with ThreadPoolExecutor(len(PAGES)) as pool:
            return sum(pool.map(fetch, PAGES))

    return main


fetch_all = {"aiohttp": by_aiohttp, "threads": by_threads}[sys.argv[3]]()
start = time.monotonic()
total = fetch_all()
report("pages_wall", (time.monotonic() - start) * 1e3, "ms")
report("pages_bytes", total, "B")
