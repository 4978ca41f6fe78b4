# SPDX-License-Identifier: MIT
"""The table: figures, ratios, and whether the goals are met; and the page that keeps the last one.

Compared are the minima over the passes, because other work on the machine only ever adds; the
median stands beside. Counts (tasks reached, guards) are an exception: there more is better. So are
contended locks: when something else takes a core, the other side is alone with the lock and fast;
there medians are compared.
"""
import os
import platform
import re
import shutil
import statistics
import string
import subprocess
from dataclasses import dataclass

from . import catalog

HEAD = ("row", "measure", "program", "min", "median", "unit", "x limit", "x best peer", "goal",
        "met")
RIGHT = {"min", "median", "x limit", "x best peer"}
COUNTS = {"tasks", "guards"}
CONTENDED = {measure.key for measure in catalog.MEASURES if measure.contended}


def number(value):
    if value is None:
        return ""
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def ratio(value, base):
    if not base or base < 0 or value <= 0:
        return ""
    return f"{value / base:,.0f}" if value / base >= 100 else f"{value / base:.2f}"


@dataclass
class Line:
    program: object
    extreme: float
    median: float
    best: float     # the one of them that is compared


class Table:
    def __init__(self, measures, results, quick):
        self.measures, self.results, self.quick = measures, results, quick
        self.rows = [line for measure in measures for line in self.group(measure)]

    def lines(self, key):
        """One for each program that printed `key`, in the catalog's order."""
        extreme = max if self.results.units.get(key) in COUNTS else min
        best = statistics.median if key in CONTENDED else extreme
        return [Line(p, extreme(values), statistics.median(values), best(values))
                for p in catalog.PROGRAMS
                if (values := self.results.values.get((p, key)))]

    def base(self, key, row, program="limit"):
        """The figure of "limit" (the first of the row that has the key) or of a named program."""
        for line in self.lines(key):
            if line.program.row == row and program in (line.program.side, line.program.name):
                return line.best
        return None

    def best_peer(self, key):
        peers = [line.best for line in self.lines(key)
                 if line.program.side == "peer" and not line.program.aside]
        return min((best for best in peers if best > 0), default=None)

    def met(self, measure, goal, line):
        """True or False; None when it cannot be told from this run."""
        if isinstance(goal, catalog.AtMost):
            return line.best <= goal.value
        if isinstance(goal, catalog.AtLeast):
            return line.best >= goal.value
        base = self.base(goal.key or measure.key, measure.row, goal.program)
        return None if base is None else line.best <= goal.factor * base

    def verdict(self, measure, line):
        if self.quick and measure.full_only:
            return "?"
        answers = [self.met(measure, goal, line) for goal in measure.goals]
        if True in answers:
            return "yes"
        return "no" if False in answers else "?"

    def group(self, measure):
        lines, unit = self.lines(measure.key), self.results.units.get(measure.key, "")
        limit, peer = self.base(measure.key, measure.row), self.best_peer(measure.key)
        goal = " or ".join(goal.text(unit) for goal in measure.goals)
        first, counts = True, unit in COUNTS | {"maps"}
        for line in lines:
            ours = line.program.side == "trine" and not self.apart(measure, line)
            yield (measure.row if first else "", measure.title if first else "", line.program.name,
                   number(line.extreme), number(line.median), unit,
                   "" if counts else ratio(line.best, limit),
                   "" if counts else ratio(line.best, peer),
                   goal if ours else "", self.verdict(measure, line) if ours and goal else "")
            first = False

    def apart(self, measure, line):
        """Counts are judged for the largest run of ours only."""
        counted = self.results.units.get(measure.key) in COUNTS
        ours = [other.best for other in self.lines(measure.key) if other.program.side == "trine"]
        return counted and line.best < max(ours)

    def text(self):
        widths = [max(len(row[i]) for row in [HEAD, *self.rows]) for i in range(len(HEAD))]

        def show(row):
            cells = (cell.rjust(width) if name in RIGHT else cell.ljust(width)
                     for name, cell, width in zip(HEAD, row, widths))
            return "  ".join(cells).rstrip()

        return "\n".join([show(HEAD), show(["-" * width for width in widths]),
                          *map(show, self.rows), *self.failure_lines()])

    def markdown(self):
        rule = ["---:" if name in RIGHT else "---" for name in HEAD]
        return "\n".join("| " + " | ".join(row) + " |" for row in [HEAD, rule, *self.rows])

    def failure_lines(self):
        return [f"failed: {p.row} {p.name}: {what}" for p, what in self.results.failures]


def absent_lines(absent):
    """`not installed: package (whom it would show)`, one line for each reason."""
    reasons = {}
    for program, why in absent:
        reasons.setdefault(str(why), {})[f"{program.row} {program.name}"] = True
    return [f"{why}\n  leaves out: {', '.join(names)}" for why, names in reasons.items()]


def version(*command):
    """The first number with a dot that `command` prints; empty if it is not there."""
    if shutil.which(command[0]) is None:
        return ""
    said = subprocess.run(command, capture_output=True, text=True).stdout
    found = re.search(r"\d+\.\d+(\.\d+)?", said)
    return found.group(0) if found else ""


def machine():
    kernel = ".".join(platform.release().split(".")[:2])
    tools = {"gcc": ("gcc", "-dumpfullversion"), "Go": ("go", "version"),
             "rustc": ("rustc", "--version"), "Python": ("/usr/bin/python3", "--version")}
    found = [f"{name} {number}" for name, tool in tools.items() if (number := version(*tool))]
    return (f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}), Linux {kernel}, "
            f"{', '.join(found)}")


def write_page(root, table, absent, passes):
    template = (root / "bench/benchmarks.md.in").read_text()
    notes = "\n".join(f"- {line}" for line in [*table.failure_lines(), *absent_lines(absent)])
    page = string.Template(template).substitute(
        machine=machine(), passes=passes, table=table.markdown(), notes=notes or "Nothing.")
    (root / "docs/benchmarks.md").write_text(page)
