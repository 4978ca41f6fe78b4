# SPDX-License-Identifier: MIT
"""What the tests of the program share: running it, a test server, servers that misbehave."""
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import unittest

PATIENCE = 60  # seconds; for what must happen

TRINE = None  # the program's path, the first argument of a test


def main(module="__main__"):
    global TRINE
    TRINE = os.path.abspath(sys.argv.pop(1))
    sys.modules["program"].TRINE = TRINE
    unittest.main(module=module, verbosity=2)


def run(*arguments, **options):
    """Runs the program to its end: exit status, standard output, standard error."""
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("errors", "backslashreplace")
    done = subprocess.run([TRINE, *arguments], stderr=subprocess.PIPE, text=True, timeout=PATIENCE, **options)
    return done.returncode, done.stdout, done.stderr


class Httpbin:
    """`trine httpbin` on a free port; .url ends in a slash."""

    def __enter__(self):
        self.process = subprocess.Popen([TRINE, "httpbin", "--port", "0"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = line.split()[2]
        return self

    def __exit__(self, *reason):
        self.stop()

    def stop(self):
        """Ctrl-C. Returns exit status and standard error."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors

    def port(self):
        return int(self.url.split(":")[2].rstrip("/"))


def read_head(connection):
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        part = connection.recv(4096)
        if not part:
            break
        head += part
    return head


def reset(connection):
    """Closes with a reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Server:
    """Calls `handle(connection)` for each connection, one after the other in a thread of its own."""

    def __init__(self, handle):
        self.handle = handle
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.url = "http://127.0.0.1:%d/" % self.port
        self.ending = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def serve(self):
        while not self.ending.is_set():
            try:
                connection, _ = self.socket.accept()
                with connection:
                    connection.settimeout(PATIENCE)
                    self.handle(connection)
            except OSError:
                pass

    def __exit__(self, *reason):
        self.ending.set()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()
        self.thread.join(PATIENCE)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]
