# SPDX-License-Identifier: MIT
"""The shared libraries export the public interface, all of it and nothing else.

    exports_test.py LIBTRINE [LIBTRINE_WEB]

Public is trine_* and TRINE_*, and the two names that TRINE_JOB() expands to. Besides, libtrine exports to
libtrine-web, under a version of its own, what that uses."""
import re
import subprocess
import sys
from pathlib import Path

PUBLIC = re.compile(r"trine_(?!_)\w+|TRINE_\w+|trine__job_register|trine__worker_enter")
INCLUDE = Path(__file__).resolve().parent.parent.parent / "include"


def symbols(library, kind):
    """Pairs of name and version."""
    lines = subprocess.run(["nm", "-D", "--with-symbol-versions", kind, library], check=True, text=True,
                           capture_output=True).stdout.splitlines()
    found = [line.split()[-1].replace("@@", "@").partition("@") for line in lines]
    return {(name, version) for name, _, version in found}


def declared():
    names = set()
    for header in INCLUDE.rglob("*.h"):
        text = re.sub(r"/\*.*?\*/", " ", header.read_text(), flags=re.S)
        text = re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)
        for declaration in re.findall(r"TRINE_PUBLIC\b[^;]*;", text):
            names.add(re.search(r"(\w+)\s*(?:\(|;)", re.sub(r"\bextern\b", "", declaration)).group(1))
    return names


def main(*libraries):
    exported = set().union(*(symbols(library, "--defined-only") for library in libraries))
    wanted = {name for library in libraries[1:] for name, _ in symbols(library, "--undefined-only")}
    public = {name for name, version in exported if version != "TRINE_PRIVATE"} - {"TRINE_0", "TRINE_WEB_0"}
    private = {name for name, version in exported if version == "TRINE_PRIVATE"} - {"TRINE_PRIVATE"}
    complaints = [f"exported, and not public: {name}" for name in public if not PUBLIC.fullmatch(name)]
    complaints += [f"declared public, and not in the library: {name}" for name in declared() - public]
    complaints += [f"exported to libtrine-web, which does not use it: {name}" for name in private - wanted]
    print(*sorted(complaints), sep="\n")
    return 1 if complaints or not public else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
