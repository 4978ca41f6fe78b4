# SPDX-License-Identifier: MIT
"""trine_http_get() against nginx, Python's http.server and a server without manners: in tasks, in a plain
thread and in the workers of a thread pool the same outcome, and never a descriptor left.

    http_client_test.py HTTP_GET"""
import http.server
import os
import pathlib
import random
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

HTTP_GET = os.path.abspath(sys.argv.pop(1))
MODELS = ["tasks", "serial", "threads"]
PATIENCE = 60
RESET, REFUSED, TIMED_OUT = -104, -111, -110
EOF, LIMIT, RESOLVE, URL, TLS, HTTP = -4097, -4098, -4104, -4105, -4106, -4107


def checksum(data):
    total = 2166136261
    for byte in data:
        total = (total ^ byte) * 16777619 & 0xffffffff
    return "%08x" % total


class Got:
    def __init__(self, line):
        outcome, status, size, self.sum, self.type, self.sentence = line.split("\t")
        self.outcome, self.status, self.bytes = int(outcome), int(status), int(size)


def get(model, urls, limit=8, timeout_ms=20000, body_max=64 << 20):
    """What became of each URL, and the seconds it took."""
    done = subprocess.run([HTTP_GET, model, str(limit), str(timeout_ms), str(body_max), *urls],
                          capture_output=True, text=True, timeout=PATIENCE)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"{model}: status {done.returncode}\n{done.stdout}{done.stderr}")
    *lines, last = done.stdout.splitlines()
    left, wall = last.split("\t")
    if int(left) != 0:
        raise AssertionError(f"{model}: {left} descriptors left")
    return [Got(line) for line in lines], float(wall)


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


# ---- a server without manners: the path says how

def says(text):
    return lambda peer, left: peer.sendall(text)


def sends_to(place):
    return says(b"HTTP/1.1 302 Found\r\nConnection: close\r\nLocation: %s\r\n\r\n" % place)


def endless_head(peer, left):
    peer.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        peer.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")


def endless_body(peer, left):
    peer.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        peer.sendall(b"x" * 4096)


def silent(peer, left):
    left.wait(PATIENCE)


def drip(peer, left):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not left.wait(0.05):
        peer.sendall(b"x")


def reset_in_body(peer, left):
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nxyz")
    time.sleep(0.05)
    reset(peer)


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
RUDE = {  # path: (what it does, outcome, words of the sentence)
    "/close": (lambda peer, left: None, EOF, "without an answer"),
    "/reset": (lambda peer, left: reset(peer), RESET, "reset"),
    "/reset-in-body": (reset_in_body, RESET, "reset"),
    "/half-a-head": (says(b"HTTP/1.1 200 OK\r\nContent-Le"), EOF, "head"),
    "/cut": (says(BODY + b"only this"), EOF, "9 of 100"),
    "/cut-chunk": (says(CHUNKED + b"64\r\nonly this"), EOF, ""),
    "/bad-chunk": (says(CHUNKED + b"xyz\r\n"), HTTP, ""),
    "/two-lengths": (says(b"HTTP/1.1 200 OK\r\nContent-Length: x5\r\n\r\nhello"), HTTP, ""),
    "/no-http": (says(b"220 mail.example ready\r\n"), HTTP, "not HTTP"),
    "/endless-head": (endless_head, LIMIT, "head"),
    "/endless-body": (endless_body, LIMIT, "larger than 100000 bytes"),
    "/announced": (says(b"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"), LIMIT, "100000 bytes"),
    "/silent": (silent, TIMED_OUT, "within 1 s"),
    "/drip": (drip, TIMED_OUT, "within 1 s"),
    "/round": (sends_to(b"/round"), LIMIT, "redirect"),
    "/to-file": (sends_to(b"file:///etc/passwd"), URL, "file"),
}


class Rude:
    def __enter__(self):
        self.left = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def accept(self):
        try:
            while True:
                peer, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=[peer], daemon=True).start()
        except OSError:
            pass

    def serve(self, peer):
        with peer:
            peer.settimeout(PATIENCE)
            try:
                head = b""
                while b"\r\n\r\n" not in head:
                    part = peer.recv(4096)
                    if not part:
                        return
                    head += part
                    if head[0] == 0x16:  # a TLS handshake
                        return peer.sendall(b"no TLS is spoken here\r\n")
                RUDE[head.split()[1].decode()][0](peer, self.left)
            except OSError:
                pass

    def __exit__(self, *reason):
        self.left.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Quiet(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *ignored):
        pass


class Good(http.server.ThreadingHTTPServer):
    request_queue_size = 128


class RudeServer(unittest.TestCase):
    def test_every_misbehaviour_has_its_code_and_sentence(self):
        with Rude() as server:
            urls = [server.url + path for path in RUDE]
            for model in MODELS:
                found, _ = get(model, urls, limit=len(urls), timeout_ms=1000, body_max=100000)
                for url, one, (_, outcome, words) in zip(urls, found, RUDE.values()):
                    with self.subTest(model=model, url=url):
                        self.assertLess(one.outcome, 0)
                        if outcome is not None:
                            self.assertEqual(one.outcome, outcome, one.sentence)
                        self.assertTrue(one.sentence.startswith(url + ": "), one.sentence)
                        self.assertIn(words, one.sentence)

    def test_the_others_are_unharmed(self):
        with Rude() as rude, Good(("127.0.0.1", 0), Quiet) as good:
            threading.Thread(target=good.serve_forever, daemon=True).start()
            fine = "http://127.0.0.1:%d/fine" % good.server_port
            urls = [url for path in RUDE for url in (rude.url + path, fine)]
            found, _ = get("tasks", urls, limit=len(urls), timeout_ms=1000, body_max=100000)
            self.assertEqual([(one.outcome, one.status, one.bytes) for one in found[1::2]],
                             [(0, 200, 5)] * len(RUDE))
            good.shutdown()


# ---- nginx

CONFIGURATION = """
daemon off; worker_processes 1; error_log {root}/error.log; pid {root}/pid;
events {{ worker_connections 2000; }}
http {{
    access_log off; types {{ text/plain txt; }} default_type application/octet-stream;
    client_body_temp_path {root}/1; proxy_temp_path {root}/2; fastcgi_temp_path {root}/3;
    uwsgi_temp_path {root}/4; scgi_temp_path {root}/5;
    server {{
        listen 127.0.0.1:{port}; root {root}/files;
        location = /moved {{ return 301 /small.txt; }}
        location = /gone {{ return 410 "gone"; }}
        location = /nothing {{ return 204; }}
        location /packed/ {{ alias {root}/files/; gzip on; gzip_types *; gzip_min_length 1; }}
    }}
}}
"""


NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


@unittest.skipUnless(NGINX, "nginx is not installed")
class Nginx(unittest.TestCase):
    FILES = {"empty.txt": 0, "small.txt": 1000, "page.txt": 102400, "large.bin": 5000000}

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        root = pathlib.Path(cls.folder.name)
        os.chmod(root, 0o755)
        (root / "files").mkdir()
        source = random.Random(1)
        cls.sums = {}
        for name, size in cls.FILES.items():
            data = source.randbytes(size // 4).hex().encode()[:size].ljust(size, b"x")
            (root / "files" / name).write_bytes(data)
            cls.sums[name] = checksum(data)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        (root / "conf").write_text(CONFIGURATION.format(root=root, port=port))
        cls.url = "http://127.0.0.1:%d/" % port
        cls.process = subprocess.Popen([NGINX, "-p", root, "-c", root / "conf"], stdin=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx did not start: " + cls.process.stderr.read().decode())

    @classmethod
    def tearDownClass(cls):
        cls.process.terminate()
        cls.process.communicate(timeout=PATIENCE)
        cls.folder.cleanup()

    def test_files_arrive_as_they_are(self):
        names = list(self.FILES) * 5
        for model in MODELS:
            for prefix in ["", "packed/"]:
                found, _ = get(model, [self.url + prefix + name for name in names])
                for name, one in zip(names, found):
                    self.assertEqual((one.outcome, one.status, one.bytes, one.sum),
                                     (0, 200, self.FILES[name], self.sums[name]), (model, name, one.sentence))

    def test_statuses_and_redirects(self):
        for model in MODELS:
            paths = ["moved", "gone", "none.txt", "nothing", "small.txt"]
            found, _ = get(model, [self.url + path for path in paths])
            self.assertEqual([(one.outcome, one.status) for one in found],
                             [(0, 200), (0, 410), (0, 404), (0, 204), (0, 200)])
            self.assertEqual(found[0].sum, self.sums["small.txt"])
            self.assertEqual(found[4].type, "text/plain")

    def test_a_thousand_at_once(self):
        found, _ = get("tasks", [self.url + "small.txt"] * 1000, limit=1000)
        self.assertEqual({(one.outcome, one.status, one.sum) for one in found},
                         {(0, 200, self.sums["small.txt"])})

    def test_a_body_up_to_the_limit_and_no_more(self):
        for model in MODELS:
            for prefix in ["", "packed/"]:
                (fits,), _ = get(model, [self.url + prefix + "small.txt"], body_max=1000)
                (does_not,), _ = get(model, [self.url + prefix + "small.txt"], body_max=999)
                self.assertEqual((fits.outcome, does_not.outcome), (0, LIMIT), (model, prefix))
                self.assertIn("999 bytes", does_not.sentence)


# ---- where nobody is

class Nobody(unittest.TestCase):
    def test_refused_unresolved_and_no_url(self):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            free = "http://127.0.0.1:%d/" % probe.getsockname()[1]
        cases = [(free, REFUSED, "refused"), ("http://nosuch.invalid/", RESOLVE, "nosuch.invalid"),
                 ("https" + free[4:], REFUSED, "refused"), ("no url", URL, ""), ("ftp://127.0.0.1/", URL, ""),
                 ("", URL, "")]
        for model in MODELS:
            found, _ = get(model, [url for url, _, _ in cases])
            for one, (url, outcome, words) in zip(found, cases):
                self.assertEqual(one.outcome, outcome, (model, url, one.sentence))
                self.assertIn(words, one.sentence.lower())

    def test_tls_with_one_who_speaks_none(self):
        with Rude() as server:
            for model in MODELS:
                (one,), _ = get(model, [server.url.replace("http", "https") + "/close"], timeout_ms=5000)
                self.assertEqual(one.outcome, TLS, (model, one.outcome, one.sentence))


if __name__ == "__main__":
    unittest.main(verbosity=2)
