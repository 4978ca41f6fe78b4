# SPDX-License-Identifier: MIT
"""tools/install-packages on machines that it will meet, played with a PATH of our own: it asks apt for what is
missing and nothing else, updates apt's lists when they are empty, and names packages where there is no apt."""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOOL = Path(__file__).resolve().parent.parent.parent / "tools" / "install-packages"
LIST = "# a comment\nhas-it     command:sh\nlacks-it   command:no-such-command\nlacks-too  pkg-config:no-such-library\n"
# Installs by making the commands; refuses until its lists are there, like a fresh container.
APT = """#!/bin/sh
echo "$*" >> {top}/asked
[ "$1" = update ] && touch {top}/updated
[ -e {top}/updated ] || exit 100
[ "$1" = update ] || for name in no-such-command; do cp {top}/bin/sh {top}/bin/$name; done
"""


class Machine:
    def __init__(self, top, apt):
        self.top = Path(top)
        (self.top / "bin").mkdir()
        for name in ("sh", "sed", "id", "env", "touch", "cp", "cat"):
            (self.top / "bin" / name).symlink_to(shutil.which(name))
        self.command("dpkg-query", "#!/bin/sh\nexit 1\n")
        self.command("sudo", '#!/bin/sh\nexec "$@"\n')
        self.command("pkg-config", "#!/bin/sh\n[ -e " + str(self.top / "updated") + " ]\n")
        if apt:
            self.command("apt-get", APT.format(top=self.top))
        (self.top / "list").write_text(LIST)

    def command(self, name, text):
        path = self.top / "bin" / name
        path.write_text(text)
        path.chmod(0o755)

    def install(self):
        return subprocess.run([str(self.top / "bin" / "sh"), str(TOOL), str(self.top / "list")], text=True,
                              capture_output=True, env=dict(os.environ, PATH=str(self.top / "bin")))

    def asked(self):
        path = self.top / "asked"
        return path.read_text().splitlines() if path.exists() else []


def without_apt_it_names_what_is_missing(top):
    result = Machine(top, apt=False).install()
    assert result.returncode == 1
    assert result.stderr.strip().endswith(": lacks-it lacks-too"), result.stderr


def with_apt_only_what_is_missing_is_installed_after_an_update(top):
    machine = Machine(top, apt=True)
    result = machine.install()
    assert result.returncode == 0, result.stderr
    assert [line.split()[0] for line in machine.asked()] == ["install", "update", "install"], machine.asked()
    assert machine.asked()[-1].split()[-2:] == ["lacks-it", "lacks-too"] and "has-it" not in machine.asked()[-1]


def where_nothing_is_missing_apt_is_not_called(top):
    machine = Machine(top, apt=True)
    (machine.top / "list").write_text("has-it command:sh\n")
    assert machine.install().returncode == 0 and machine.asked() == []


def what_apt_cannot_bring_is_an_error(top):
    machine = Machine(top, apt=True)
    machine.command("apt-get", "#!/bin/sh\nexit 0\n")
    result = machine.install()
    assert result.returncode == 1 and "Still missing: lacks-it lacks-too" in result.stderr


def main():
    tests = [without_apt_it_names_what_is_missing, with_apt_only_what_is_missing_is_installed_after_an_update,
             where_nothing_is_missing_apt_is_not_called, what_apt_cannot_bring_is_an_error]
    failed = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as top:
            try:
                test(top)
            except AssertionError as error:
                failed += 1
                print(f"{test.__name__}: {error}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
