# SPDX-License-Identifier: MIT
"""Installs into a folder of its own, then builds a program against the copy as a user would: with
pkg-config, shared and static, and runs it. (libtrine-web is tried shared only: a static libcurl wants
development packages of everything below it.)

    consumer_test.py BUILD_FOLDER VERSION COMPILER..."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXPECTED = "30\n"  # 1 + 4 + 9 + 16


def run(*command, **more):
    result = subprocess.run([str(word) for word in command], text=True, capture_output=True, **more)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}:\n{result.stdout}{result.stderr}")
    return result.stdout


class Copy:
    """An installation in `top`, as if that were the root of the file system."""

    def __init__(self, build, top):
        run("meson", "install", "-C", build, "--no-rebuild", "--quiet",
            env=dict(os.environ, DESTDIR=str(top)))
        self.top = top
        self.pc = next(top.rglob("trine.pc")).parent
        self.lib = self.pc.parent

    def flags(self, *arguments):
        """What pkg-config says, with the copy's place in front of its prefix."""
        search = [str(self.pc), run("pkg-config", "--variable=pc_path", "pkg-config").strip()]
        env = dict(os.environ, PKG_CONFIG_LIBDIR=":".join(search))
        prefix = run("pkg-config", "--variable=prefix", "trine", env=env).strip()
        return run("pkg-config", *arguments, env=env).replace(prefix, f"{self.top}{prefix}").split()


def one_program(copy, compiler, source, package, out, *static):
    """Builds and runs it; returns the libraries it loads."""
    flags = copy.flags("--cflags", "--libs", *(["--static"] if static else []), package)
    if static:  # only ours: a program may well want its libc shared
        flags = [f"-l:lib{flag[2:]}.a" if flag.startswith("-ltrine") else flag for flag in flags]
    run(*compiler, "-std=gnu17", "-Wall", "-Wextra", "-Werror", HERE / source, "-o", out, *flags)
    said = run(out, env=dict(os.environ, LD_LIBRARY_PATH=str(copy.lib)))
    assert said == EXPECTED, f"it said {said!r}"
    return run("ldd", out, env=dict(os.environ, LD_LIBRARY_PATH=str(copy.lib)))


def shared_program_needs_the_soname(copy, compiler, work):
    assert "libtrine.so.0 =>" in one_program(copy, compiler, "consumer.c", "trine", work / "shared")


def static_program_needs_no_libtrine(copy, compiler, work):
    assert "libtrine" not in one_program(copy, compiler, "consumer.c", "trine", work / "static", "static")


def program_with_the_web_part_needs_both(copy, compiler, work):
    loaded = one_program(copy, compiler, "web_consumer.c", "trine-web", work / "web")
    assert "libtrine-web.so.0 =>" in loaded and "libtrine.so.0 =>" in loaded


def readme_shows_a_program_that_builds(copy, compiler, work):
    source = work / "readme.c"
    source.write_text((HERE.parent.parent / "README.md").read_text().split("```c\n")[1].split("```")[0])
    run(*compiler, "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror", source, "-o", work / "readme",
        *copy.flags("--cflags", "--libs", "trine"))


def versions_agree(copy, compiler, work, version):
    assert copy.flags("--modversion", "trine") == [version]
    assert (copy.lib / f"libtrine.so.{version}").exists()


def every_header_is_installed(copy, compiler, work):
    ours = {path.relative_to(HERE.parent.parent / "include")
            for path in (HERE.parent.parent / "include").rglob("*.h")}
    theirs = {path.relative_to(next(copy.top.rglob("trine.h")).parent) for path in copy.top.rglob("*.h")}
    assert ours == theirs, f"missing {ours - theirs}, too many {theirs - ours}"


def nothing_is_found_only_in_the_build_folder(copy, compiler, work):
    for library in copy.lib.glob("libtrine*.so.*"):
        assert "RUNPATH" not in run("readelf", "-d", library)


def main(build, version, *compiler):
    tests = [shared_program_needs_the_soname, static_program_needs_no_libtrine,
             program_with_the_web_part_needs_both, readme_shows_a_program_that_builds,
             lambda *args: versions_agree(*args, version), every_header_is_installed,
             nothing_is_found_only_in_the_build_folder]
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        copy = Copy(build, Path(work, "copy"))
        for test in tests:
            try:
                test(copy, compiler, Path(work))
            except (AssertionError, RuntimeError, StopIteration) as error:
                failed += 1
                print(f"{test.__name__}: {error}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
