# SPDX-License-Identifier: MIT
"""Each public header compiles alone, twice included, with every warning an error.

    headers_test.py INCLUDE_FOLDER c|c++ COMPILER..."""
import subprocess
import sys
from pathlib import Path

STANDARDS = {"c": ["c99", "c11", "gnu17"], "c++": ["c++11", "c++17", "gnu++20"]}
WARNINGS = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Werror".split()
ONLY_C = ["-Wstrict-prototypes", "-Wmissing-prototypes"]


def compiles(command, language, standard, folder, header):
    name = header.relative_to(folder)
    warnings = WARNINGS + (ONLY_C if language == "c" else [])
    result = subprocess.run(
        [*command, "-x", language, f"-std={standard}", *warnings, "-fsyntax-only", "-I", str(folder), "-"],
        input=f"#include <{name}>\n#include <{name}>\n", text=True, capture_output=True)
    if result.returncode != 0:
        print(f"{name} as {standard}:\n{result.stderr}")
    return result.returncode == 0


def main(folder, language, *command):
    folder = Path(folder)
    results = [compiles(command, language, standard, folder, header)
               for header in sorted(folder.rglob("*.h")) for standard in STANDARDS[language]]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
