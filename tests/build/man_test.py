# SPDX-License-Identifier: MIT
"""Every public header has its manual page: it names all that the header declares, and groff formats it
without complaint.

    man_test.py PAGES_FOLDER"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

INCLUDE = Path(__file__).resolve().parent.parent.parent / "include" / "trine"


def declared(header):
    text = re.sub(r"/\*.*?\*/", " ", header.read_text(encoding="utf-8"), flags=re.S)
    for declaration in re.findall(r"TRINE_PUBLIC\b[^;]*;", re.sub(r"(?m)^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text)):
        name = re.search(r"(\w+)\s*(?:\(|;)", declaration).group(1)
        if not name.startswith("trine__"):
            yield name
    yield from re.findall(r"(?m)^#define (trine_(?!_)\w+|TRINE_(?!_)\w+)(?!_H\b)\b", text)


def formatted(page):
    groff = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-P-c", "-P-b", "-P-u", page], text=True,
                           capture_output=True, check=True)
    return groff.stdout, groff.stderr


def main(pages):
    complaints = []
    for header in sorted(INCLUDE.glob("*.h")):
        page = Path(pages, f"trine_{header.stem}.3")
        if not page.exists():
            complaints.append(f"{page.name}: there is none")
            continue
        source = page.read_text(encoding="utf-8").replace("\\-", "-")
        guard = f"TRINE_{header.stem.upper()}_H"
        hidden = (guard, "TRINE_PUBLIC", "TRINE_MUST_CHECK", "TRINE_PRINTF")
        complaints += [f"{page.name}: says nothing of {name}" for name in sorted(set(declared(header)))
                       if name not in source and name not in hidden]
        if shutil.which("groff"):
            text, warnings = formatted(page)
            complaints += [f"{page.name}: {line}" for line in warnings.splitlines()]
            complaints += [f"{page.name}: no {part}" for part in ("NAME", "SYNOPSIS", "DESCRIPTION")
                           if f"\n{part}\n" not in "\n" + text]
    print("\n".join(complaints) or "every header has its page")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
