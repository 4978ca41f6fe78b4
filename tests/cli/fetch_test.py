# SPDX-License-Identifier: MIT
"""`trine fetch`: what it prints, what it writes, and what it says when something is wrong."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import tempfile
import time
import unittest

import program
from program import PATIENCE, Httpbin, Server, free_port, read_head, reset, run


class Fetch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Httpbin().__enter__()
        cls.url = cls.server.url

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def fetch(self, *arguments, **options):
        options.setdefault("cwd", self.folder)
        return run("fetch", *arguments, **options)

    def files(self):
        return sorted(os.listdir(self.folder))

    def fails(self, url, *words, arguments=(), status=1):
        """The URL fails with one line that has the words; the other URL is fetched all the same."""
        good = self.url + "bytes/5"
        found, output, errors = self.fetch(*arguments, url, good)
        self.assertEqual(found, status, errors)
        self.assertIn(good, output)
        self.assertEqual(errors.count("\n"), 1, errors)
        self.assertTrue(errors.startswith("trine fetch: "), errors)
        for word in words:
            self.assertIn(word, errors)

    # ---- what it prints

    def test_a_line_for_each_url(self):
        urls = [self.url + "bytes/%d" % size for size in (0, 10, 70000)]
        status, output, errors = self.fetch(*urls)
        self.assertEqual((status, errors), (0, ""))
        rows = sorted(line.split(" ") for line in output.splitlines())
        self.assertEqual([(row[0], row[1], row[3]) for row in rows],
                         sorted(("200", url.rsplit("/", 1)[1], url) for url in urls))
        self.assertTrue(all(re.fullmatch(r"\d+\.\d{3}", row[2]) for row in rows))

    def test_json_is_one_object_a_line(self):
        refused = "http://127.0.0.1:%d/" % free_port()
        status, output, _ = self.fetch("--json", "-j1", self.url + "bytes/10", refused)
        good, bad = map(json.loads, output.splitlines())
        self.assertEqual(status, 1)
        self.assertEqual((good["url"], good["status"], good["bytes"], good["file"], good["error"]),
                         (self.url + "bytes/10", 200, 10, None, None))
        self.assertGreater(good["seconds"], 0)
        self.assertEqual((bad["url"], bad["status"]), (refused, 0))
        self.assertIn("Connection refused", bad["error"])

    def test_json_survives_a_url_that_is_no_utf_8(self):
        status, output, _ = self.fetch("--json", b"ht\xfftp://x/\"\\")
        self.assertEqual((status, json.loads(output)["url"]), (1, "ht\u00fftp://x/\"\\"))

    def test_transfers_run_at_once_and_no_more_than_allowed(self):
        urls = [self.url + "delay/0.4"] * 8
        begin = time.monotonic()
        self.assertEqual(self.fetch(*urls)[0], 0)
        together = time.monotonic() - begin
        begin = time.monotonic()
        self.assertEqual(self.fetch("-j", "2", *urls)[0], 0)
        self.assertGreaterEqual(time.monotonic() - begin, 1.6)
        self.assertLess(together, 1.6)

    def test_urls_from_a_file_and_from_standard_input(self):
        text = "# two\n\n  %sbytes/1  \r\n%sbytes/2\n" % (self.url, self.url)
        path = os.path.join(self.folder, "urls")
        with open(path, "w") as file:
            file.write(text)
        with open(path) as file:
            results = [self.fetch("-i", path), self.fetch("-i", "-", stdin=file)]
        for status, output, errors in results:
            self.assertEqual((status, errors), (0, ""))
            self.assertEqual(sorted(line.split()[1] for line in output.splitlines()), ["1", "2"])

    def test_the_user_agent_is_sent(self):
        self.assertEqual(self.fetch("-A", "tester/9", "-o", "told", self.url + "get")[0], 0)
        with open(os.path.join(self.folder, "told")) as file:
            self.assertEqual(json.load(file)["headers"]["User-Agent"], "tester/9")

    def test_on_a_terminal_lines_are_aligned_and_there_is_progress(self):
        ours, theirs = pty.openpty()
        process = subprocess.Popen([program.TRINE, "fetch", self.url + "bytes/1", self.url + "bytes/22222"],
                                   stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs)
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], PATIENCE)[0]:
            try:
                part = os.read(ours, 4096)
            except OSError:
                break
            if not part:
                break
            seen += part
        os.close(ours)
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertIn(b"0 of 2 done", seen)
        self.assertRegex(seen, rb"200 {11}1 +\d\.\d{3}  http")
        self.assertRegex(seen, rb"200 {7}22222 +\d\.\d{3}  http")

    # ---- what it writes

    def test_output_goes_to_the_file_whole(self):
        self.assertEqual(self.fetch("-o", "out", self.url + "bytes/500000")[0], 0)
        self.assertEqual(self.files(), ["out"])
        self.assertEqual(os.path.getsize(os.path.join(self.folder, "out")), 500000)

    def test_the_file_has_the_usual_mode(self):
        self.fetch("-o", "out", self.url + "bytes/1", umask=0o027)
        self.assertEqual(os.stat(os.path.join(self.folder, "out")).st_mode & 0o777, 0o640)

    def test_remote_names_are_the_last_part_of_the_path(self):
        status, _, errors = self.fetch("-O", self.url + "bytes/3?a=/x/y", self.url, self.url + "page/2#top/z")
        self.assertEqual((status, errors), (0, ""))
        self.assertEqual(self.files(), ["2", "3", "index.html"])

    def test_no_remote_name_leads_out_of_the_folder(self):
        inner = os.path.join(self.folder, "inner")
        os.mkdir(inner)

        def answer(connection):
            read_head(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx")

        with Server(answer) as server:
            for path in ["..", ".", "a/..", "%2e%2e", "..%2fout", "../../out", "a/../../out", "%2Fout"]:
                self.fetch("-O", server.url + path, cwd=inner)
        self.assertEqual(self.files(), ["inner"])
        for name in os.listdir(inner):
            self.assertTrue(os.path.isfile(os.path.join(inner, name)), name)

    def test_a_link_under_the_remote_name_is_replaced_and_not_followed(self):
        inner = os.path.join(self.folder, "inner")
        os.mkdir(inner)
        with open(os.path.join(self.folder, "precious"), "w") as file:
            file.write("precious")
        os.symlink("../precious", os.path.join(inner, "3"))
        os.symlink("/dev/full", os.path.join(inner, "4"))
        self.assertEqual(self.fetch("-O", self.url + "bytes/3", self.url + "bytes/4", cwd=inner)[0], 0)
        with open(os.path.join(self.folder, "precious")) as file:
            self.assertEqual(file.read(), "precious")
        self.assertFalse(os.path.islink(os.path.join(inner, "3")))
        self.assertFalse(os.path.islink(os.path.join(inner, "4")))

    def test_two_urls_with_one_name_do_not_overwrite_each_other(self):
        urls = [self.url + path for path in ["bytes/5", "status/5", "page/5"]]
        status, output, errors = self.fetch("-O", *urls)
        self.assertEqual(status, 1)
        self.assertEqual(errors.count("another URL has the name 5 already"), 2, errors)
        self.assertEqual(os.path.getsize(os.path.join(self.folder, "5")), 5)

    def test_a_name_that_is_too_long_is_told(self):
        self.fails(self.url + "x" * 300, "remote name", arguments=["-O"])
        self.assertEqual(self.files(), ["5"])

    def test_an_answer_that_is_an_error_is_told_and_not_saved(self):
        status, output, errors = self.fetch("-o", "out", self.url + "status/404")
        self.assertEqual((status, self.files()), (1, []))
        self.assertTrue(output.startswith("404 "))
        self.assertEqual(errors, "trine fetch: %sstatus/404: answered 404\n" % self.url)

    def test_a_full_disk_is_told(self):
        status, output, errors = self.fetch("-o", "/dev/full", self.url + "bytes/100")
        self.assertEqual(status, 1)
        self.assertEqual(errors, "trine fetch: cannot write /dev/full: No space left on device\n")
        self.assertTrue(os.path.exists("/dev/full"))

    def test_a_write_that_fails_leaves_no_file(self):
        status, _, errors = self.fetch("-o", "out", self.url + "bytes/100", preexec_fn=limit_file_size)
        self.assertEqual((status, self.files()), (1, []))
        self.assertIn("trine fetch: cannot write out: File too large", errors)

    def test_a_folder_that_is_not_there_is_told(self):
        status, _, errors = self.fetch("-o", "none/out", self.url + "bytes/100")
        self.assertEqual((status, errors),
                         (1, "trine fetch: cannot write none/out: No such file or directory\n"))

    def test_a_folder_instead_of_a_file_is_told(self):
        os.mkdir(os.path.join(self.folder, "out"))
        status, _, errors = self.fetch("-o", "out", self.url + "bytes/100")
        self.assertEqual((status, errors), (1, "trine fetch: cannot write out: Is a directory\n"))
        self.assertEqual(os.listdir(os.path.join(self.folder, "out")), [])

    def test_standard_output_that_is_full_is_told(self):
        with open("/dev/full", "w") as full:
            status, _, errors = self.fetch(self.url + "bytes/1", stdout=full)
        self.assertEqual((status, errors),
                         (1, "trine fetch: cannot write standard output: No space left on device\n"))

    # ---- what goes wrong; the others are fetched all the same

    def test_a_url_that_is_none(self):
        for url in ["no-url", "http://", "http://[::1/", "http://a b/", "ftp://127.0.0.1/",
                    "file:///etc/passwd", "http://127.0.0.1:99999/", ""]:
            self.fails(url, url)

    def test_a_host_that_does_not_resolve(self):
        self.fails("http://nosuch.invalid/x", "nosuch.invalid", "resolve")

    def test_a_refused_connection(self):
        self.fails("http://127.0.0.1:%d/x" % free_port(), "127.0.0.1", "Connection refused")

    def test_a_connection_closed_without_a_word(self):
        with Server(read_head) as server:
            self.fails(server.url, server.url)

    def test_a_reset_connection(self):
        with Server(lambda peer: (read_head(peer), reset(peer))) as server:
            self.fails(server.url, server.url, "reset")

    def test_a_body_cut_off(self):
        def cut(peer):
            read_head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")

        with Server(cut) as server:
            self.fails(server.url, server.url, "9 of 100", arguments=["-O"])
        self.assertEqual(self.files(), ["5"])

    def test_an_endless_head(self):
        def endless(peer):
            read_head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\r\n")
            for _ in range(1000):
                peer.sendall(b"X-Filler: " + b"x" * 4000 + b"\r\n")

        with Server(endless) as server:
            self.fails(server.url, server.url)

    def test_what_is_no_http(self):
        def talk(peer):
            read_head(peer)
            peer.sendall(b"220 mail.example ready\r\n")

        with Server(talk) as server:
            self.fails(server.url, server.url)

    def test_a_page_larger_than_allowed(self):
        large = self.url + "bytes/10241"
        self.fails(large, large, "10240", arguments=["--max-filesize", "10k"])
        self.assertEqual(self.fetch("--max-filesize", "10k", self.url + "bytes/10240")[0], 0)

    def test_a_page_without_a_length_larger_than_allowed(self):
        def flood(peer):
            read_head(peer)
            peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            for _ in range(1000):
                peer.sendall(b"x" * 4096)

        with Server(flood) as server:
            self.fails(server.url, server.url, "10240", arguments=["--max-filesize", "10k"])

    def test_a_server_that_takes_its_time(self):
        begin = time.monotonic()
        self.fails(self.url + "delay/10", self.url + "delay/10", "300 ms", arguments=["--max-time", "300ms"])
        self.assertLess(time.monotonic() - begin, 5)

    def test_an_input_file_that_is_not_there(self):
        status, output, errors = self.fetch("-i", "none")
        self.assertEqual((status, output, errors),
                         (1, "", "trine fetch: cannot read none: No such file or directory\n"))

    def test_an_input_file_that_is_no_text(self):
        status, _, errors = self.fetch("-i", program.TRINE)
        self.assertEqual(status, 1)
        self.assertIn("not a text file", errors)

    # ---- Ctrl-C

    def test_ctrl_c_ends_it_at_once_and_tells_what_was_done(self):
        process = subprocess.Popen([program.TRINE, "fetch", "-O", self.url + "bytes/3", self.url + "delay/9",
                                    self.url + "delay/10"], cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=PATIENCE)
        self.assertLess(time.monotonic() - begin, 1)
        self.assertTrue(line.startswith("200 3 "), line)
        self.assertEqual((process.returncode, output), (130, ""))
        self.assertEqual(errors, "trine fetch: interrupted after 1 of 3 URLs\n")
        self.assertEqual(self.files(), ["3"])

    def test_ctrl_c_while_reading_urls(self):
        read, write = os.pipe()
        process = subprocess.Popen([program.TRINE, "fetch", "-i", "-"], stdin=read, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
        os.close(read)
        os.close(write)
        self.assertEqual(process.returncode, 130)


def limit_file_size():
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


if __name__ == "__main__":
    program.main()
