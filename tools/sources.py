# SPDX-License-Identifier: MIT
"""The project's C files as the checkers see them."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("include", "src", "tests", "examples", "fuzz", "bench/common", "bench/limit", "bench/trine")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def c_files(*folders, kinds=("c", "h")):
    """Paths relative to the root, in order."""
    found = []
    for folder in folders or FOLDERS:
        for kind in kinds:
            found += (ROOT / folder).rglob(f"*.{kind}")
    return sorted(path.relative_to(ROOT) for path in found)


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def code_of(text):
    """The text without comments and literals, lines kept."""
    def blank(match):
        kept = "\n" * match.group().count("\n")
        return '""' if match.group()[0] in "\"'" else " " + kept
    return LITERAL.sub(blank, text)


def includes_of(path):
    """Each file included with quotes, as a path relative to src, or None for what is not there."""
    for name in INCLUDE.findall(text_of(path)):
        if (ROOT / "src" / name).exists():
            yield name, Path("src", name)
        elif (ROOT / path.parent / name).exists():
            yield name, path.parent / name
        else:
            yield name, None


def tests_among(paths):
    """What is not part of the product: tests and checks, and headers that only these include."""
    tests = {path for path in paths if re.search(r"_(test|check)\.c$", path.name)}
    users = {}
    for path in paths:
        for _, header in includes_of(path):
            users.setdefault(header, set()).add(path)
    while True:
        more = {path for path in paths
                if path.suffix == ".h" and path not in tests and path in users and users[path] <= tests}
        if not more:
            return tests
        tests |= more
