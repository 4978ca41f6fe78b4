# SPDX-License-Identifier: MIT
"""The command line itself: help, version, wrong use."""
import os
import unittest

import program
from program import run


class Options(unittest.TestCase):
    def refused(self, *arguments):
        status, output, errors = run(*arguments)
        self.assertEqual((status, output), (2, ""))
        self.assertEqual(errors.count("\n"), 1, errors)
        return errors

    def test_help_of_everything_goes_to_standard_output(self):
        for arguments in [["--help"], ["-h"], ["fetch", "--help"], ["fetch", "-h"], ["httpbin", "--help"]]:
            status, output, errors = run(*arguments)
            self.assertEqual((status, errors), (0, ""))
            self.assertIn("Usage: trine", output)
            self.assertIn("Examples:", output)
            self.assertLessEqual(max(map(len, output.split("\n"))), 100)

    def test_help_names_every_command_and_option(self):
        output = run("--help")[1]
        for command in ["compare", "fetch", "httpbin"]:
            self.assertIn("\n  %s " % command, output)
        output = run("fetch", "--help")[1]
        for option in ["-o, --output FILE", "-O, --remote-name", "-i, --input-file FILE", "-j, --parallel N",
                       "-m, --max-time TIME", "--max-filesize SIZE", "-A, --user-agent TEXT", "--json"]:
            self.assertIn(option, output)

    def test_version(self):
        status, output, errors = run("--version")
        self.assertEqual((status, errors), (0, ""))
        self.assertRegex(output, r"^trine \d+\.\d+\.\d+\n$")

    def test_wrong_use_of_the_program_is_one_line_and_status_2(self):
        self.assertIn("which command?", self.refused())
        self.assertIn("unknown command 'fecth'; try 'trine --help'", self.refused("fecth"))
        self.assertIn("unknown option '--frob'; try 'trine --help'", self.refused("--frob"))

    def test_an_unknown_option_is_named(self):
        self.assertIn("unknown option '--frob'; try 'trine fetch --help'", self.refused("fetch", "--frob"))
        self.assertIn("unknown option '-Z'; try 'trine fetch --help'", self.refused("fetch", "-OZ"))
        self.assertIn("unknown option '-x'; try 'trine httpbin --help'", self.refused("httpbin", "-x"))

    def test_a_missing_or_surplus_value_is_named(self):
        self.assertIn("option '-o' needs a value", self.refused("fetch", "-o"))
        self.assertIn("option '--parallel' needs a value", self.refused("fetch", "--parallel"))
        self.assertIn("option '--json=1' takes no value", self.refused("fetch", "--json=1"))

    def test_values_are_checked(self):
        for value in ["0", "-1", "many", "1.5", "10001", "99999999999999999999", ""]:
            self.assertIn("--parallel is a whole number from 1 to 10000, not '%s'" % value,
                          self.refused("fetch", "-j", value, "http://localhost/"))
        for value in ["0", "-1s", "soon", "5x", "1e400", "0x5", ""]:
            self.assertIn("--max-time is a duration like", self.refused("fetch", "-m", value, "http://h/"))
        for value in ["0", "-1", "big", "1kb"]:
            self.assertIn("--max-filesize is a size like",
                          self.refused("fetch", "--max-filesize", value, "http://localhost/"))
        for value in ["65536", "-1", "http"]:
            self.assertIn("--port is a whole number from 0 to 65535",
                          self.refused("httpbin", "--port", value))

    def test_operands_where_there_are_none(self):
        self.assertIn("unexpected 'now'", self.refused("httpbin", "now"))

    def test_fetch_without_urls(self):
        self.assertIn("there is no URL to fetch; try 'trine fetch --help'", self.refused("fetch"))
        self.assertIn("there is no URL to fetch", self.refused("fetch", "-i", "/dev/null"))

    def test_output_options_that_exclude_each_other(self):
        self.assertIn("-o and -O exclude each other",
                      self.refused("fetch", "-o", "x", "-O", "http://localhost/"))
        self.assertIn("-o goes with one URL, and there are 2",
                      self.refused("fetch", "-o", "x", "http://localhost/1", "http://localhost/2"))

    def test_a_poller_that_does_not_exist_is_named(self):
        for command in (["fetch", "http://127.0.0.1:1/"], ["httpbin"]):
            status, output, errors = run(*command, env=dict(os.environ, TRINE_POLLER="abacus"))
            self.assertEqual((status, output), (1, ""))
            self.assertEqual(errors, f"trine {command[0]}: there is no poller 'abacus': "
                                     "known are uring, epoll and sim; see TRINE_POLLER\n")
        self.assertIn("there is no poller 'abacus'",
                      run("compare", "--only", "io", env=dict(os.environ, TRINE_POLLER="abacus"))[2])

    def test_help_that_cannot_be_written_is_a_failure(self):
        with open("/dev/full", "w") as full:
            self.assertEqual(run("--help", stdout=full)[0], 1)


if __name__ == "__main__":
    program.main()
