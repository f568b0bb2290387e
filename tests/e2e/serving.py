"""The console as a user starts it: a process of its own, its passwords read off what it prints."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from receivers import free_port

ROOT = Path(__file__).parents[2]
START_S = 300.0
"""A guard on the wait for the first answer: a cold start compiles and imports much."""

PASSWORD = re.compile(r"([a-z0-9][a-z0-9._-]{1,62})\W+([a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5})(?!\S)")


@dataclass(frozen=True)
class Person:
    """A demo account, as printed."""

    login: str
    password: str


@dataclass(frozen=True)
class Serving:
    """A console that answers.

    Attributes:
        url: Without a slash at the end.
        people: In the order in which they are printed: who signs, who approves.
        out: Folder of the desks.
        log: Everything that it prints.
    """

    url: str
    people: tuple[Person, ...]
    out: Path
    log: Path

    def __str__(self) -> str:
        return f"{self.url} over {self.out}"


@contextmanager
def serving(out: Path, *options: str, packs: Path | None = None) -> Iterator[Serving]:
    """Run ``haidang serve`` over a folder until the block ends.

    Args:
        out: Folder of the desks.
        options: More of the command's own.
        packs: Further folder of packs and countries, as in ``HAIDANG_PACKS``.

    Raises:
        AssertionError: It ends, says nothing, or prints no two accounts; its output is quoted.
    """
    port = free_port()
    log = out.parent / f"{out.name}.serve.log"
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "200", "NO_COLOR": "1"}
    source = os.pathsep.join(filter(None, (str(ROOT / "src"), os.environ.get("PYTHONPATH", ""))))
    environment["PYTHONPATH"] = source
    if packs is not None:
        environment["HAIDANG_PACKS"] = str(packs)
    command = [sys.executable, "-c", "from haidang.cli import main; main()"]
    command += ["serve", "--out", str(out), "--port", str(port), *options]
    with log.open("w") as stream:
        process = subprocess.Popen(
            command, stdout=stream, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            env=environment, cwd=out.parent,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait(process, url, log)
        people = tuple(Person(*found) for found in PASSWORD.findall(log.read_text()))
        assert len(people) >= 2, f"no two accounts are printed:\n{log.read_text()}"
        yield Serving(url, people, out, log)
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        assert process.poll() is None, f"the console ended:\n{log.read_text()}"
        try:
            with urllib.request.urlopen(f"{url}/login", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"no answer in {START_S} s:\n{log.read_text()}")
