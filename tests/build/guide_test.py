# SPDX-License-Identifier: MIT
"""The guide's programs: on each page of docs/guide, every pair of a Python and a C program is run, and
both print the same.

    guide_test.py LIBRARY COMPILER...

A pair is a ```python block followed by a ```c block that has a main(). Every public header has its page."""
import subprocess
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```(python|c)\n(.*?)^```$", re.M | re.S)
LIMIT = 60  # seconds for one program
WEB = ("http",)  # its programs need a server


def run(command):
    return subprocess.run(command, text=True, capture_output=True, timeout=LIMIT, check=False)


def pairs(page):
    waiting = None
    for language, program in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python":
            waiting = program
        elif waiting is not None and re.search(r"^#include <trine.*^int main\(", program, re.M | re.S):
            yield waiting, program
            waiting = None


def both_say_the_same(python, c, library, compiler, work):
    (work / "program.py").write_text(python, encoding="utf-8")
    (work / "program.c").write_text(c, encoding="utf-8")
    built = run([*compiler, "-std=gnu17", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror",
                 f"-I{ROOT / 'include'}", str(work / "program.c"), "-o", str(work / "program"), library,
                 "-luring", "-pthread"])
    if built.returncode != 0:
        return f"does not build:\n{built.stderr}"
    ours, theirs = run([str(work / "program")]), run([sys.executable, str(work / "program.py")])
    if (ours.returncode, theirs.returncode) != (0, 0):
        return f"exit status {ours.returncode} (C), {theirs.returncode} (Python):\n{ours.stderr}{theirs.stderr}"
    if ours.stdout != theirs.stdout:
        return f"C says\n{ours.stdout}Python says\n{theirs.stdout}"
    return None


def main(library, *compiler):
    passed, failed = 0, 0
    for page in sorted((ROOT / "docs" / "guide").glob("*.md")):
        found = list(pairs(page))
        if not found and (ROOT / "include" / "trine" / f"{page.stem}.h").exists() and page.stem not in WEB:
            print(f"{page.name}: no pair of programs")
            failed += 1
        for number, (python, c) in enumerate(found, 1):
            with tempfile.TemporaryDirectory() as work:
                complaint = both_say_the_same(python, c, library, compiler, Path(work))
            passed, failed = passed + (complaint is None), failed + (complaint is not None)
            if complaint:
                print(f"{page.name}, pair {number}: {complaint}")
    for header in sorted((ROOT / "include" / "trine").glob("*.h")):
        if not (ROOT / "docs" / "guide" / f"{header.stem}.md").exists():
            print(f"{header.name} has no page in docs/guide")
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
