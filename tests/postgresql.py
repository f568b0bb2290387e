"""A private PostgreSQL for tests: started here, on a socket of its own, and gone with the tests."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

APT = "sudo apt-get install postgresql"
START_S = 120.0
IN_USE_S = 60.0
"""How long somebody who has hung up may take to be gone; the server itself waits five seconds."""


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``; None where PostgreSQL is not installed."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: p.parent.name)
    on_path = [Path(found).resolve().parent for found in (shutil.which("postgres"),) if found]
    for folder in (*on_path, *reversed(installed)):
        if all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
            return folder
    return None


def _account() -> dict[str, object]:
    """PostgreSQL does not run as root: root starts it as the account that Debian made for it."""
    if os.geteuid() != 0:
        return {}
    try:
        found = pwd.getpwnam("postgres")
    except KeyError:
        found = pwd.getpwnam("nobody")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}


def _name(address: str) -> str:
    return address.partition("@/")[2].partition("?")[0]


class Server:
    """A running server.

    Attributes:
        folder: Of its socket.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._made = 0

    def address(self, database: str) -> str:
        return f"postgresql://tests@/{database}?host={self.folder}"

    def execute(self, statement: str, address: str = "") -> None:
        import psycopg

        latest = time.monotonic() + IN_USE_S
        with psycopg.connect(address or self.address("postgres"), autocommit=True) as connection:
            while True:
                try:
                    connection.execute(statement)
                except psycopg.errors.ObjectInUse:
                    if time.monotonic() > latest:
                        raise
                else:
                    return

    def new(self, like: str = "") -> str:
        """The address of a new database, empty or a copy of one that nobody is connected to."""
        self._made += 1
        name = f"t{os.getpid()}_{self._made}"
        copied = f" TEMPLATE {_name(like)}" if like else ""
        self.execute(f"CREATE DATABASE {name}{copied}")
        return self.address(name)

    def drop(self, address: str) -> None:
        self.execute(f"DROP DATABASE {_name(address)} WITH (FORCE)")


@contextmanager
def server(bin_folder: Path) -> Iterator[Server]:
    """Start one and stop it again.

    Texts sort by the rules of a language, as they do in an installation that nobody thought
    about: a query that leans on the order of bytes shows here.
    """
    account = _account()
    # Not pytest's folder: its path may be too long for a socket, and is closed to other accounts.
    folder = Path(tempfile.mkdtemp(prefix="hdpg"))
    try:
        if account:
            os.chown(folder, account["user"], account["group"])  # type: ignore[arg-type]
        data = folder / "data"
        collation = ["--locale-provider=icu", "--icu-locale=vi"]
        made = _initdb(bin_folder, data, account, collation)
        if made.returncode:  # older than 15, or built without ICU
            shutil.rmtree(data, ignore_errors=True)
            made = _initdb(bin_folder, data, account, [])
        if made.returncode:
            raise RuntimeError(made.stderr[-2000:])
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *_until_we_die(), bin_folder / "postgres", "-D", data, "-k", folder,
                    "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=50",
                    "-c", "shared_buffers=16MB", "-c", "autovacuum=off",
                ],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_plain(),
                **account,  # type: ignore[call-overload]
            )  # fmt: skip
        try:
            running = Server(folder)
            _wait(running, process)
            yield running
        finally:
            process.send_signal(signal.SIGINT)  # the fast way: it drops who is still connected
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_we_die() -> list[str]:
    """Tests that are killed leave no server behind."""
    found = shutil.which("setpriv")
    return [found, "--pdeathsig", "INT"] if found else []


def _plain() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _initdb(
    bin_folder: Path, data: Path, account: dict[str, object], more: list[str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            bin_folder / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync", *more,
        ],
        cwd=data.parent, env=_plain(), capture_output=True, text=True, check=False,
        **account,  # type: ignore[call-overload]
    )  # fmt: skip


def _wait(running: Server, process: subprocess.Popen[bytes]) -> None:
    import psycopg

    latest = time.monotonic() + START_S
    while True:
        try:
            running.execute("SELECT 1")
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > latest:
                raise RuntimeError((running.folder / "log").read_text("utf-8")) from None
            time.sleep(0.05)
        else:
            return
