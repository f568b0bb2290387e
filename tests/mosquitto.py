"""A private Mosquitto for tests: started here on a free port, stopped with the tests.

``with broker(folder) as b`` gives ``b.host`` and ``b.port``; ``b.stop()`` and ``b.start()`` play a
broker that goes away and comes back with what it had kept.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path

import pytest

from receivers import free_port

APT = "sudo apt-get install mosquitto"
START_S = 60.0
CONF = (
    "allow_anonymous true",
    "persistence true",
    "max_queued_messages 100000",
    "log_type error",
)
"""What a broker of readings needs too: by default it throws away what a slow reader is sent."""


def program() -> str | None:
    """Where the broker lies; Debian keeps it out of an ordinary path."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Broker:
    """A running broker.

    Attributes:
        folder: Holds its settings and what it keeps.
    """

    host = "127.0.0.1"

    def __init__(self, folder: Path, lines: tuple[str, ...]) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        # Started by root it would become another user, who may neither read certificates nor keep
        # anything in a folder of ours, and say so in its log alone.
        lines = (f"user {getuser()}", *lines)
        conf = (f"listener {self.port} 127.0.0.1", f"persistence_location {folder}/", *CONF, *lines)
        (folder / "mosquitto.conf").write_text("\n".join(conf) + "\n", "utf-8")

    def start(self) -> None:
        found = program()
        if found is None:
            pytest.skip(f"Mosquitto is not installed: {APT}")
        setpriv = shutil.which("setpriv")  # tests that are killed leave no broker behind
        before = [setpriv, "--pdeathsig", "TERM"] if setpriv else []
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*before, found, "-c", str(self.folder / "mosquitto.conf")],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        latest = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection((self.host, self.port), 1.0).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > latest:
                    raise RuntimeError((self.folder / "log").read_text("utf-8")[-2000:]) from None
                time.sleep(0.02)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(60)  # killed, it would lose what it has kept
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None


@contextmanager
def broker(folder: Path, *lines: str) -> Iterator[Broker]:
    """Start one and stop it again; ``lines`` are added to its settings."""
    running = Broker(folder, lines)
    try:
        running.start()  # one that does not come up is stopped too, and troubles no later test
        yield running
    finally:
        running.stop()
