#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants a bug: writes a source of ours anew with one mistake in it, of the kind that the explorer exists
to find. The tests beside want it found; a mistake that no longer fits the source fails the build.

usage: plant.py BUG SOURCE OUTPUT"""
import re
import sys

# name: what the source says, what the bug makes of it
BUGS = {
    # Between the look at the permits and the entry in the list, a release finds nobody.
    "unlock-before-add": (
        r"trine__wait_add\(&semaphore->waits, &wait\);",
        "trine__sync_unlock(&semaphore->lock); trine__sync_lock(&semaphore->lock);"
        " trine__wait_add(&semaphore->waits, &wait);"),
    # A wake between the look and the word "sleeping" is overwritten.
    "check-then-park": (
        r"atomic_compare_exchange_strong\(&parker->state, &state, TRINE__PARKER_SLEEPING\)",
        "atomic_load(&parker->state) == state && (atomic_store(&parker->state, TRINE__PARKER_SLEEPING), true)"),
    # The future may have been done while its lock was taken.
    "watch-without-look": (
        r"(bool trine__future_watch\(.*?lock\(future\);\n    if \()word & TRINE__FUTURE_DONE",
        r"\1word == 1"),
    # A letter that comes between the look into the inbox and the flag wakes nobody.
    "look-before-flag": (
        r"(static void sleep_until_something\(.*?\{\n)(.*?)(    bool stay = .*?;\n)",
        r"\1\3\2"),
    # Two who want to serve the same select both do.
    "two-winners": (
        r"if \(!choose\(wait\)\)\n        return false;",
        "(void)choose(wait);"),
    # A cancel believes that it came in time.
    "cancel-beats-value": (
        r"return withdrawn \? TRINE__CANCELLED : TRINE__CANCEL_PENDING;",
        "return (void)withdrawn, TRINE__CANCELLED;"),
}


def main():
    name, source, output = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    pattern, replacement = BUGS[name]
    changed, count = re.subn(pattern, replacement, text, count=1, flags=re.S)
    if count != 1:
        sys.exit(f"plant.py: '{name}' does not fit {source} any more")
    with open(output, "w", encoding="utf-8") as file:
        file.write(changed)


if __name__ == "__main__":
    main()
