# SPDX-License-Identifier: MIT
"""`trine httpbin` as other people's clients see it."""
import http.client
import json
import shutil
import socket
import subprocess
import time
import unittest

import program
from program import PATIENCE, Httpbin, run

SMALLEST_PAGE, LARGEST_PAGE = 56765, 468461


class HttpbinRoutes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Httpbin().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def connect(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port(), timeout=PATIENCE)
        self.addCleanup(connection.close)
        return connection

    def get(self, path, method="GET", connection=None, **options):
        connection = connection or self.connect()
        connection.request(method, path, **options)
        answer = connection.getresponse()
        return answer, answer.read()

    def test_get_tells_what_was_sent(self):
        answer, body = self.get("/get?a=1&b=", headers={"X-Here": "there"})
        told = json.loads(body)
        self.assertEqual((answer.status, answer.getheader("Content-Type")), (200, "application/json"))
        self.assertEqual(told["args"], {"a": "1", "b": ""})
        self.assertEqual(told["headers"]["X-Here"], "there")
        self.assertEqual(told["url"], "http://127.0.0.1:%d/get?a=1&b=" % self.server.port())
        self.assertEqual(told["origin"], "127.0.0.1")

    def test_delay_waits(self):
        begin = time.monotonic()
        answer, _ = self.get("/delay/0.3")
        self.assertEqual(answer.status, 200)
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)

    def test_delays_of_many_run_at_once(self):
        begin = time.monotonic()
        connections = [self.connect() for _ in range(20)]
        for connection in connections:
            connection.request("GET", "/delay/0.5")
        for connection in connections:
            self.assertEqual(connection.getresponse().status, 200)
        self.assertLess(time.monotonic() - begin, 5)

    def test_bytes_are_the_same_each_time_and_others_for_another_seed(self):
        first, again = self.get("/bytes/100000")[1], self.get("/bytes/100000")[1]
        self.assertEqual((len(first), first), (100000, again))
        self.assertNotEqual(first, self.get("/bytes/100000?seed=7")[1])
        self.assertEqual(self.get("/bytes/0")[1], b"")
        self.assertEqual(self.get("/bytes/104857601")[0].status, 400)

    def test_there_are_fifteen_pages_of_the_sizes_that_are_told(self):
        sizes = []
        for number in range(15):
            answer, body = self.get("/page/%d" % number)
            self.assertTrue(answer.getheader("Content-Type").startswith("text/html"))
            self.assertIn(b"<title>", body[:200])
            self.assertTrue(body.rstrip().endswith(b"</html>"))
            sizes.append(len(body))
        self.assertEqual((min(sizes), max(sizes), len(set(sizes))), (SMALLEST_PAGE, LARGEST_PAGE, 15))
        self.assertEqual(self.get("/page/15")[0].status, 404)

    def test_status_answers_with_it(self):
        for status in [200, 204, 304, 404, 418, 500]:
            self.assertEqual(self.get("/status/%d" % status)[0].status, status)
        self.assertEqual(self.get("/status/99")[0].status, 400)

    def test_a_204_has_no_length_and_no_body(self):
        answer, body = self.get("/status/204")
        self.assertEqual((answer.getheader("Content-Length"), body), (None, b""))

    def test_what_is_not_there_is_404_and_json(self):
        for path in ["/nothing", "/page/x", "/bytes/", "/delay/-1", "/bytes/1e3", "/page/0x1", "/page/1.5"]:
            answer, body = self.get(path)
            self.assertEqual(answer.status, 404, path)
            self.assertIn("error", json.loads(body))

    def test_other_methods_are_405(self):
        answer, _ = self.get("/get", method="POST", body=b"x" * 1000)
        self.assertEqual((answer.status, answer.getheader("Allow")), (405, "GET, HEAD"))

    def test_head_has_the_head_only_and_the_connection_goes_on(self):
        connection = self.connect()
        answer, body = self.get("/page/0", "HEAD", connection)
        self.assertEqual((answer.getheader("Content-Length"), body), (str(SMALLEST_PAGE), b""))
        self.assertEqual(self.get("/get", connection=connection)[0].status, 200)

    def test_a_body_that_nobody_wants_does_not_disturb_the_next_request(self):
        connection = self.connect()
        self.assertEqual(self.get("/get", "POST", connection, body=b"y" * 300000)[0].status, 405)
        self.assertEqual(self.get("/get", "POST", connection, body=iter([b"a" * 100, b"b"]),
                                  encode_chunked=True,
                                  headers={"Transfer-Encoding": "chunked"})[0].status, 405)
        self.assertEqual(self.get("/get", connection=connection)[0].status, 200)

    # ---- bytes on the wire

    def talk(self, request, end=False):
        with socket.create_connection(("127.0.0.1", self.server.port()), timeout=PATIENCE) as peer:
            peer.sendall(request)
            if end:
                peer.shutdown(socket.SHUT_WR)
            answer = b""
            while True:
                part = peer.recv(65536)
                if not part:
                    return answer
                answer += part

    def test_pipelined_requests_are_answered_in_order(self):
        requests = b"".join(b"GET /bytes/%d HTTP/1.1\r\nHost: h\r\n%s\r\n" %
                            (size, b"Connection: close\r\n" if size == 5 else b"") for size in [3, 4, 5])
        answer = self.talk(requests)
        lengths = [line for line in answer.split(b"\r\n") if line.startswith(b"Content-Length")]
        self.assertEqual(lengths, [b"Content-Length: %d" % size for size in [3, 4, 5]])

    def test_requests_one_byte_at_a_time(self):
        with socket.create_connection(("127.0.0.1", self.server.port()), timeout=PATIENCE) as peer:
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"GET /bytes/2 HTTP/1.1\r\nHost: h\r\n\r\n":
                peer.sendall(bytes([byte]))
            self.assertTrue(peer.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n"))

    def test_http_1_0_closes(self):
        self.assertTrue(self.talk(b"GET /bytes/2 HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200 OK\r\n"))

    def test_what_can_be_read_in_two_ways_is_refused(self):
        host = b"Host: h\r\n"
        for request in [b"GET / HTTP/1.1\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + host + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
                        b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 1\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + host + b"A : b\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + host + b"A: b\r\n c\r\n\r\n",
                        b"GET / HTTP/1.1\r\n" + host + b"A: b\rc\r\n\r\n",
                        b"GET  / HTTP/1.1\r\n" + host + b"\r\n"]:
            answer = self.talk(request)
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), (request, answer[:100]))

    def test_an_endless_head_is_refused(self):
        answer = self.talk(b"GET / HTTP/1.1\r\nHost: h\r\nA: " + b"x" * 20000)
        self.assertTrue(answer.startswith(b"HTTP/1.1 431 "), answer[:100])

    def test_an_endless_body_is_refused(self):
        answer = self.talk(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 413 "), answer[:100])

    def test_a_peer_that_goes_away_harms_nobody(self):
        for request in [b"", b"G", b"GET /page/1 HTTP/1.1\r\nHost: h\r\n\r\n",
                        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc"]:
            peer = socket.create_connection(("127.0.0.1", self.server.port()), timeout=PATIENCE)
            peer.sendall(request)
            program.reset(peer)
        self.assertEqual(self.get("/get")[0].status, 200)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl_agrees(self):
        url = self.server.url
        done = subprocess.run(["curl", "-sS", "-w", "%{http_code} %{size_download} %{num_connects}\n",
                               "-o", "/dev/null", url + "page/0", "-o", "/dev/null", url + "bytes/7"],
                              capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout, "200 %d 1\n200 7 0\n" % SMALLEST_PAGE)


class HttpbinLife(unittest.TestCase):
    def test_ctrl_c_stops_it_at_once_even_with_requests_under_way(self):
        with Httpbin() as server:
            peer = http.client.HTTPConnection("127.0.0.1", server.port(), timeout=PATIENCE)
            peer.request("GET", "/delay/10")
            time.sleep(0.2)
            begin = time.monotonic()
            status, errors = server.stop()
            self.assertLess(time.monotonic() - begin, 2)
            self.assertEqual((status, errors), (130, "trine httpbin: stopped\n"))
            peer.close()

    def test_a_port_that_is_taken_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            status, output, errors = run("httpbin", "--port", str(port))
            self.assertEqual((status, output), (1, ""))
            self.assertIn("127.0.0.1:%d" % port, errors)
            self.assertIn("Address already in use", errors)

    def test_a_host_that_does_not_resolve_is_told(self):
        status, output, errors = run("httpbin", "--host", "nosuch.invalid", "--port", "0")
        self.assertEqual((status, output), (1, ""))
        self.assertIn("cannot resolve 'nosuch.invalid'", errors)


if __name__ == "__main__":
    program.main()
