# SPDX-License-Identifier: MIT
"""Makes the programs, each with its own toolchain, into build/bench.

What a peer needs and the machine has not is an answer (Absent), not an error.
"""
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class Absent(Exception):
    """A program that cannot be measured here. `broken`: it should be there, but does not build."""

    def __init__(self, why, broken=False):
        super().__init__(why)
        self.broken = broken


def need_tool(tool, package):
    path = shutil.which(tool)
    if path is None:
        raise Absent(f"not installed: {package}")
    return path


def run(command, **more):
    done = subprocess.run(command, capture_output=True, text=True, **more)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines()[-6:]
        raise Absent("\n  ".join([f"does not build: {' '.join(map(str, command[:3]))} ...", *said]),
                     broken=True)
    return done.stdout


def newer(target, sources):
    """True if `target` was made after all of `sources`."""
    if not target.exists():
        return False
    made = target.stat().st_mtime
    return all(source.stat().st_mtime < made for source in sources)


@dataclass(frozen=True)
class C:
    """A C file of its own, linked with `libs`. `header` tells whether `package` is installed;
    `machine` is the only processor it is written for."""
    source: str
    libs: tuple = ()
    header: str | None = None
    package: str | None = None
    machine: str | None = None

    tool = "cc"
    tool_package = "gcc"
    flags = ("-std=gnu17",)

    def make(self, builder):
        compiler = need_tool(self.tool, self.tool_package)
        if self.machine not in (None, platform.machine()):
            raise Absent(f"written for {self.machine} only")
        source = builder.bench / self.source
        if self.header:
            self.probe(compiler, source.suffix)
        target = builder.out / "/".join(Path(self.source).with_suffix("").parts[-3:])
        headers = [*source.parent.glob("*.h"), *(builder.bench / "common").glob("*.h")]
        if not newer(target, [source, *headers]):
            target.parent.mkdir(parents=True, exist_ok=True)
            run([compiler, "-O2", *self.flags, "-D_GNU_SOURCE", source, "-o", target, "-pthread",
                 *(f"-l{lib}" for lib in self.libs)])
        return [target]

    def probe(self, compiler, suffix):
        language = "c++" if suffix == ".cpp" else "c"
        found = subprocess.run([compiler, "-fsyntax-only", "-x", language, "-"], text=True,
                               input=f"#if !__has_include(<{self.header}>)\n#error\n#endif\n",
                               capture_output=True)
        if found.returncode != 0:
            raise Absent(f"not installed: {self.package}")


@dataclass(frozen=True)
class Cxx(C):
    tool = "c++"
    tool_package = "g++"
    flags = ()


@dataclass(frozen=True)
class Go:
    """A program of peers/go and the file that all of them share."""
    name: str

    def make(self, builder):
        go = need_tool("go", "golang-go")
        folder, target = builder.bench / "peers/go", builder.out / "go" / self.name
        sources = [folder / f"{self.name}.go", folder / "bench.go"]
        if not newer(target, sources):
            run([go, "build", "-o", target, *sources])
        return [target]


@dataclass(frozen=True)
class Cargo:
    """A program of peers/tokio, with the crates that Debian's packages put on the machine."""
    name: str

    crates = Path("/usr/share/cargo/registry")

    def make(self, builder):
        cargo = need_tool("cargo", "cargo")
        if not any(self.crates.glob("tokio-*")):
            raise Absent("not installed: librust-tokio-dev")
        builder.once("cargo", lambda: self.compile(cargo, builder))
        return [builder.out / "tokio/target/release" / self.name]

    def compile(self, cargo, builder):
        # In a copy, because cargo writes its lock file beside the sources.
        copy = builder.out / "tokio"
        shutil.copytree(builder.bench / "peers/tokio", copy, dirs_exist_ok=True)
        run([cargo, "build", "--release", "--offline",
             "--config", 'source.crates-io.replace-with="debian"',
             "--config", f'source.debian.directory="{self.crates}"'], cwd=copy)


@dataclass(frozen=True)
class Python:
    """A script of peers/python, run by the Python that owns Debian's modules."""
    name: str
    module: str | None = None

    def make(self, builder):
        python = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
        if self.module:
            found = subprocess.run([python, "-c", f"import {self.module}"], capture_output=True)
            if found.returncode != 0:
                raise Absent(f"not installed: python3-{self.module}")
        return [python, "-B", builder.bench / "peers/python" / f"{self.name}.py"]


@dataclass(frozen=True)
class Tool:
    """A program of the system, in the package of the same name."""
    name: str

    def make(self, builder):
        return [need_tool(self.name, self.name)]


@dataclass(frozen=True)
class Trine:
    """Ours, from a release build of this tree."""
    name: str

    def make(self, builder):
        need_tool("meson", "meson")
        need_tool("ninja", "ninja-build")
        tree = builder.out / "release"
        builder.once("meson", lambda: self.configure(builder, tree))
        run(["ninja", "-C", tree, f"bench/bench-{self.name}"])
        return [tree / "bench" / f"bench-{self.name}"]

    @staticmethod
    def configure(builder, tree):
        if not (tree / "build.ninja").exists():
            run(["meson", "setup", tree, builder.root, "--buildtype=release"])


class Builder:
    def __init__(self, root, out):
        self.root, self.bench, self.out = root, root / "bench", out
        self.steps = {}
        out.mkdir(parents=True, exist_ok=True)

    def once(self, name, step):
        """Takes `step` the first time; later gives the same outcome, failures included."""
        if name not in self.steps:
            try:
                step()
                self.steps[name] = None
            except Absent as absent:
                self.steps[name] = absent
        if self.steps[name] is not None:
            raise self.steps[name]

    def binary(self, build):
        return str(build.make(self)[0])

    def all(self, programs):
        """[(program, command)] and [(program, why it is absent)]."""
        ready, absent = [], []
        for program in programs:
            print(f"building {program.row} {program.name}", file=sys.stderr)
            try:
                ready.append((program, [str(word) for word in program.build.make(self)]))
            except Absent as why:
                absent.append((program, why))
        return ready, absent
