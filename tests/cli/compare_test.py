#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`trine compare` from outside: its figures, its files, its complaints, and what it leaves behind.

Usage: compare_test.py TRINE"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import xml.dom.minidom

import program
from program import PATIENCE, Httpbin, free_port

KEYS = {"workload", "model", "workers", "items", "wall_s", "cpu_s", "peak_mib", "speedup", "failed"}
MODELS = ["serial", "threads", "coroutines", "processes"]


def compare(*arguments, stdin=None):
    return subprocess.run([program.TRINE, "compare", *arguments], capture_output=True, text=True, input=stdin,
                          timeout=PATIENCE)


def figures(*arguments):
    done = compare("--json", *arguments)
    rows = json.loads(done.stdout)
    return done, {(row["workload"], row["model"]): row for row in rows}


def children_of(pid):
    try:
        text = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def descendants(pid):
    own = children_of(pid)
    return own + [below for child in own for below in descendants(child)]


def name(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def alive(pid):
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"never: {what}")
        time.sleep(0.005)
    return value


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Figures(unittest.TestCase):
    def check_row(self, row):
        self.assertEqual(set(row), KEYS)
        self.assertGreater(row["wall_s"], 0)
        self.assertGreater(row["cpu_s"], 0)
        self.assertGreater(row["peak_mib"], 0)
        self.assertEqual(row["failed"], 0)

    def test_everything(self):
        done, rows = figures()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(set(rows), {(workload, model) for workload in ["delay", "pages", "factorize"]
                                     for model in MODELS})
        for row in rows.values():
            self.check_row(row)
        self.assertEqual({rows[w, "serial"]["items"] for w in ["delay", "pages", "factorize"]}, {5, 15, 8})
        self.assertEqual({rows[w, "serial"]["speedup"] for w in ["delay", "pages", "factorize"]}, {1})
        delay = {model: rows["delay", model] for model in MODELS}
        self.assertGreaterEqual(delay["serial"]["wall_s"], 5)
        self.assertGreater(delay["threads"]["speedup"], 3)
        self.assertGreater(delay["coroutines"]["speedup"], 3)
        self.assertLess(delay["serial"]["cpu_s"], delay["serial"]["wall_s"] / 2)
        self.assertGreater(rows["pages", "coroutines"]["speedup"], 2)
        self.assertGreater(rows["factorize", "threads"]["speedup"], 0.25)
        serial = rows["factorize", "serial"]
        share = {workload: rows[workload, "serial"]["cpu_s"] / rows[workload, "serial"]["wall_s"]
                 for workload in ["delay", "factorize"]}
        self.assertGreater(share["factorize"], 5 * share["delay"])
        self.assertGreater(rows["factorize", "processes"]["cpu_s"], serial["cpu_s"] / 3)
        self.assertGreater(rows["delay", "processes"]["peak_mib"], delay["serial"]["peak_mib"] * 1.2)

    def test_table_and_advice(self):
        done = compare("--only", "cpu")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0].split(), ["workload", "model", "workers", "items", "wall", "s", "CPU", "s",
                                            "peak", "MiB", "speed-up", "errors"])
        self.assertEqual([line.split()[1] for line in lines[1:5]], MODELS)
        self.assertRegex(lines[-1], r"^factorize computes for \d+ % of its serial time: ")
        self.assertNotIn("\033", done.stdout)

    def test_only_some_models(self):
        _, rows = figures("--only", "cpu", "--model", "tasks,threads", "--workers", "3")
        self.assertEqual(set(rows), {("factorize", "threads"), ("factorize", "coroutines")})
        self.assertIsNone(rows["factorize", "threads"]["speedup"])
        self.assertEqual(rows["factorize", "threads"]["workers"], 3)

    def test_never_more_workers_than_items(self):
        _, rows = figures("--only", "cpu", "--model", "threads", "--workers", "100")
        self.assertEqual(rows["factorize", "threads"]["workers"], 8)

    def test_repeated(self):
        done, rows = figures("--only", "cpu", "--model", "serial", "--repeat", "3")
        self.assertEqual(done.returncode, 0)
        self.check_row(rows["factorize", "serial"])


class OwnPages(unittest.TestCase):
    def test_from_the_command_line(self):
        with Httpbin() as server:
            at = server.url.rstrip("/")
            done, rows = figures("--url", f"{at}/page/1", f"{at}/page/2", "--url", f"{at}/get")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(set(rows), {("urls", model) for model in MODELS})
        self.assertEqual(rows["urls", "coroutines"]["items"], 3)

    def test_from_a_file_and_from_standard_input(self):
        with Httpbin() as server, tempfile.NamedTemporaryFile("w") as file:
            at = server.url.rstrip("/")
            text = f"# mine\n\n{at}/get\n  {at}/page/0  \r\n"
            file.write(text)
            file.flush()
            for done in [compare("--json", "--model", "tasks", "-i", file.name),
                         compare("--json", "--model", "tasks", "--input", "-", stdin=text)]:
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(json.loads(done.stdout)[0]["items"], 2)

    def test_failures_are_named_and_the_others_go_on(self):
        with Httpbin() as server:
            at = server.url.rstrip("/")
            done = compare("--url", f"{at}/get", f"http://127.0.0.1:{free_port()}/", f"{at}/status/404",
                           "not a url", f"{at}/page/0")
        self.assertEqual(done.returncode, 1)
        for line in done.stdout.splitlines()[1:5]:
            self.assertRegex(line, "3: items 2, 3, 4$")
        for model in MODELS:
            for item, why in [(2, "refused"), (3, "answered 404"), (4, "not a url")]:
                self.assertRegex(done.stderr, f"(?mi)^trine compare: urls, {model}, item {item}: .*{why}")
        self.assertEqual(len(done.stderr.splitlines()), 12)

    def test_pages_of_nginx(self):
        if shutil.which("nginx") is None and not os.path.exists("/usr/sbin/nginx"):
            self.skipTest("no nginx here")
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            root = pathlib.Path(folder)
            root.chmod(0o755)
            for i in range(20):
                (root / f"{i}.html").write_text(f"<title>{i}</title>" + "x" * 100000)
            (root / "conf").write_text(
                f"daemon off; pid {root}/pid; error_log {root}/log; master_process off;\n"
                f"events {{}}\nhttp {{ access_log off; client_body_temp_path {root}/b; proxy_temp_path {root}/p;\n"
                f"fastcgi_temp_path {root}/f; uwsgi_temp_path {root}/u; scgi_temp_path {root}/s;\n"
                f"server {{ listen 127.0.0.1:{port}; root {root}; }} }}\n")
            nginx = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", root / "conf"],
                                     stderr=subprocess.DEVNULL)
            try:
                wait_until(lambda: listens(port), "nginx listens")
                done, rows = figures("--url", *[f"http://127.0.0.1:{port}/{i}.html" for i in range(20)])
            finally:
                nginx.terminate()
                nginx.wait(PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual([rows["urls", model]["failed"] for model in MODELS], [0] * 4)


class Plots(unittest.TestCase):
    def test_is_well_formed_and_complete(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bars.svg")
            pathlib.Path(path).write_text("x" * 100000)  # what was there is replaced
            done = compare("--only", "cpu", "--plot", path)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            drawing = xml.dom.minidom.parse(path).documentElement
        self.assertEqual(drawing.tagName, "svg")
        texts = [node.firstChild.data for node in drawing.getElementsByTagName("text")]
        for model in MODELS:
            self.assertIn(model, texts)
        self.assertIn("factorize (8 items)", texts)

    def test_unwritable_place_is_told_before_anything_is_measured(self):
        start = time.monotonic()
        done = compare("--plot", "/nonexistent/bars.svg")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertRegex(done.stderr, "(?i)^trine compare: cannot write /nonexistent/bars.svg: .*no such file")
        self.assertLess(time.monotonic() - start, 3)

    def test_full_disk(self):
        done = compare("--only", "cpu", "--model", "serial", "--plot", "/dev/full")
        self.assertEqual(done.returncode, 1)
        self.assertIn("factorize  serial", done.stdout)
        self.assertRegex(done.stderr, "(?i)^trine compare: cannot write /dev/full: .*no space.*\n$")

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([program.TRINE, "compare", "--only", "cpu", "--model", "serial"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "(?i)^trine compare: cannot write standard output: .*no space.*\n$")


class Misuse(unittest.TestCase):
    def one_line(self, status, pattern, *arguments):
        done = compare(*arguments)
        self.assertEqual((done.returncode, done.stdout), (status, ""), arguments)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertRegex(done.stderr, pattern)

    def test_each_has_one_line(self):
        for pattern, *arguments in [
            ("unknown option '--colour'", "--colour"),
            ("unknown option '-x'", "-x"),
            ("unknown model 'fibres'", "--model", "serial,fibres"),
            ("unknown model ''", "--model", ""),
            ("--workers .* not '0'", "--workers", "0"),
            ("--workers .* not 'many'", "--workers", "many"),
            ("--workers .* not '4x'", "--workers", "4x"),
            ("--repeat .* not '-3'", "--repeat", "-3"),
            ("--repeat .* not '99999999999999999999'", "--repeat", "99999999999999999999"),
            ("--only is io or cpu, not 'gpu'", "--only", "gpu"),
            ("'--plot' needs a value", "--plot"),
            ("unexpected 'http://x/'", "http://x/"),
            ("--only chooses among", "--only", "io", "--url", "http://x/"),
            ("at most 2047 characters", "--url", "http://x/" + "y" * 5000),
        ]:
            with self.subTest(arguments=arguments):
                self.one_line(2, "^trine compare: .*" + pattern, *arguments)

    def test_files_that_cannot_be_read(self):
        self.one_line(1, "(?i)/nonexistent: .*no such file", "-i", "/nonexistent")
        self.one_line(1, "(?i)^trine compare: cannot read /: .*directory", "-i", "/")
        self.one_line(1, "/dev/null: no URL in it", "-i", "/dev/null")

    def test_help_has_examples(self):
        done = compare("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Examples:\n  trine compare\n", done.stdout)
        for option in ["--url", "--input", "--model", "--workers", "--repeat", "--json", "--plot", "--only"]:
            self.assertIn(option, done.stdout)


class Endings(unittest.TestCase):
    def start(self, *arguments):
        self.process = subprocess.Popen([program.TRINE, "compare", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.kill)
        return self.process

    def worker(self):
        """A worker process: the comparison starts the model's, that the fork server, that the workers."""
        generation = [self.process.pid]
        for _ in range(3):
            generation = [child for pid in generation for child in children_of(pid)]
        return generation[0] if generation else None

    def check_all_gone(self, pids):
        wait_until(lambda: not any(map(alive, pids)), f"all of {pids} have ended")

    def interrupt(self, number, *arguments):
        process = self.start(*arguments)
        wait_until(lambda: len(descendants(process.pid)) >= 2, "a model runs")
        time.sleep(0.3)
        family = descendants(process.pid)
        start = time.monotonic()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        took = time.monotonic() - start
        self.check_all_gone(family)
        self.assertEqual(process.returncode, 128 + number)
        return took, stdout, stderr

    def test_interrupted_at_once_with_what_was_done(self):
        took, stdout, stderr = self.interrupt(signal.SIGINT, "--only", "io")
        self.assertLess(took, 0.1 * 5)  # 100 ms are promised; a loaded machine gets more
        self.assertIn("delay      serial     stopped after 0 of 5 items", stdout)
        self.assertRegex(stderr, "stopped by signal 2 in delay, serial, after 0 of 5 items\n$")

    def test_interrupted_in_each_model(self):
        for model in MODELS[1:]:
            with self.subTest(model=model):
                _, stdout, _ = self.interrupt(signal.SIGINT, "--only", "io", "--model", model)
                self.assertRegex(stdout, f"delay +{model} +stopped after 0 of 5 items")

    def test_interrupted_json_is_still_json(self):
        _, stdout, _ = self.interrupt(signal.SIGINT, "--only", "io", "--json")
        self.assertEqual(json.loads(stdout), [])

    def test_terminated(self):
        self.interrupt(signal.SIGTERM, "--only", "io", "--model", "processes")

    def test_killed_leaves_no_process(self):
        process = self.start("--only", "io", "--model", "processes")
        wait_until(self.worker, "a worker runs")
        family = descendants(process.pid)
        process.kill()
        process.communicate(timeout=PATIENCE)
        self.check_all_gone(family)

    def test_worker_killed_from_outside_costs_its_item_only(self):
        process = self.start("--only", "io", "--model", "processes", "--workers", "5")
        worker = wait_until(self.worker, "a worker runs")
        time.sleep(0.3)
        os.kill(worker, signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        delay, pages = stdout.splitlines()[1], stdout.splitlines()[3]
        self.assertRegex(delay, r" 1: item \d$")
        self.assertRegex(pages, " -$")
        self.assertRegex(stderr, rf"^trine compare: delay, processes, item \d: .*{worker}.*killed by signal 9")
        self.assertEqual(len(stderr.splitlines()), 1)

    def test_model_killed_from_outside_costs_its_row_only(self):
        process = self.start("--only", "io", "--model", "threads,coroutines")
        wait_until(lambda: len(descendants(process.pid)) >= 2, "a model runs")
        time.sleep(0.3)
        model = [pid for pid in descendants(process.pid) if name(pid) != "trine-httpbin"][0]
        os.kill(model, signal.SIGKILL)
        stdout, stderr = process.communicate(timeout=PATIENCE)
        self.assertEqual(process.returncode, 1)
        self.assertRegex(stdout.splitlines()[1], "5: items 1, 2, 3, 4, 5$")
        self.assertRegex(stdout.splitlines()[2], " -$")
        self.assertIn(f"the model's process {model} was killed by signal 9", stderr)

    def test_on_a_terminal_progress_is_shown_and_wiped(self):
        import pty
        master, slave = pty.openpty()
        process = subprocess.Popen([program.TRINE, "compare", "--only", "cpu", "--model", "serial"],
                                   stdout=slave, stderr=slave)
        os.close(slave)
        shown = bytearray()

        def read():
            try:
                while piece := os.read(master, 4096):
                    shown.extend(piece)
            except OSError:
                pass
        reader = threading.Thread(target=read)
        reader.start()
        self.assertEqual(process.wait(PATIENCE), 0)
        reader.join(PATIENCE)
        os.close(master)
        self.assertIn(b"\r\033[Kfactorize, serial: 3 of 8", shown)
        self.assertIn(b"\033[1mworkload", shown)


if __name__ == "__main__":
    program.main()
