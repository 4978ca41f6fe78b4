# SPDX-License-Identifier: MIT
"""The verdicts of the table, from figures made up here."""
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from driver import catalog, measure, report  # noqa: E402


def program(name):
    return next(p for p in catalog.PROGRAMS if p.name == name)


JUMP, OURS, PEER = (program(name) for name in
                    ("limit: six registers, jump", "Trine", "State Threads"))


def table(measures, figures, quick=False):
    results = measure.Results()
    for who, key, values, unit in figures:
        for value in values:
            results.add(who, key, value, unit)
    return report.Table(measures, results, quick)


class Verdicts(unittest.TestCase):
    yields = [m for m in catalog.MEASURES if m.key == "yield_2"]

    def yield_verdict(self, ours, switch):
        rows = table(self.yields, [(JUMP, "switch", [switch], "ns"), (JUMP, "yield_2", [2.0], "ns"),
                                   (OURS, "yield_2", [ours], "ns")]).rows
        return rows[1][-1]

    def test_an_absolute_goal_is_enough(self):
        self.assertEqual(self.yield_verdict(ours=5.9, switch=1.0), "yes")

    def test_a_ratio_is_enough_where_the_machine_is_slow(self):
        self.assertEqual(self.yield_verdict(ours=8.0, switch=2.5), "yes")

    def test_neither_is_a_no(self):
        self.assertEqual(self.yield_verdict(ours=8.0, switch=2.0), "no")

    def test_minima_are_compared_and_the_median_is_shown(self):
        rows = table(self.yields, [(JUMP, "yield_2", [2.0, 9.0, 3.0], "ns"),
                                   (PEER, "yield_2", [8.0, 6.0, 7.0], "ns")]).rows
        self.assertEqual(rows[1][3:8], ("6", "7", "ns", "3.00", "1.00"))

    def test_of_contended_locks_the_medians_are_compared(self):
        locks = [m for m in catalog.MEASURES if m.key == "mutex_threads"]
        word, go = program("limit: a word"), program("Go, 2 procs")
        rows = table(locks, [(word, "mutex_threads", [2.0, 20.0, 30.0], "ns"),
                             (go, "mutex_threads", [10.0, 40.0, 50.0], "ns")]).rows
        self.assertEqual(rows[1][3:8], ("10", "40", "ns", "2.00", "1.00"))

    def test_a_ratio_to_something_absent_is_unknown(self):
        switches = [m for m in catalog.MEASURES if m.key == "switch"]
        raw = program("Trine, raw switch")
        self.assertEqual(table(switches, [(raw, "switch", [2.0], "ns")]).rows[0][-1], "?")

    def test_a_quick_run_says_nothing_about_a_million(self):
        counts = [m for m in catalog.MEASURES if m.key == "parked_count"]
        ours = program("Trine, 1,000,000 tasks")
        figures = [(ours, "parked_count", [100_000], "tasks")]
        self.assertEqual(table(counts, figures, quick=True).rows[0][-1], "?")
        self.assertEqual(table(counts, figures).rows[0][-1], "no")


class Runs(unittest.TestCase):
    def run_shell(self, script):
        results = measure.Results()
        shell = catalog.Program("W1", "peer", "shell", None, args=("-c", script))
        measure.run_once(shell, ["sh"], 1, None, results)
        return results

    def test_lines_become_figures(self):
        results = self.run_shell("echo 'switch 2.5 ns'")
        self.assertEqual([*results.values.values()], [[2.5]])

    def test_a_failing_program_is_told_and_gives_no_figures(self):
        results = self.run_shell("echo 'switch 2.5 ns'; echo no luck >&2; exit 3")
        self.assertEqual(results.values, {})
        self.assertEqual(results.failures[0][1], "exit status 3: no luck")

    def test_other_output_is_told_and_not_taken_for_figures(self):
        self.assertEqual(len(self.run_shell("echo hello").failures), 1)


if __name__ == "__main__":
    unittest.main()
