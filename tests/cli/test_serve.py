"""The console as people start it: two accounts, passwords shown once, clear words if it cannot."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import typer

from haidang.cli import serve
from haidang.pack.load import load_country, roots
from receivers import free_port

TOY = Path(__file__).parents[1] / "toy"
ACCOUNT = re.compile(r"^([a-z0-9-]+)\s+([a-z0-9]{5}(?:-[a-z0-9]{5}){2})\s", re.M)


@contextmanager
def served(out: Path, port: int, *more: str) -> Iterator[dict[str, str]]:
    """The command in a process of its own, until it answers; gives the accounts it shows."""
    code = "from haidang.cli import main; main()"
    command = [sys.executable, "-u", "-c", code, "serve", "--out", str(out), "--port", str(port)]
    log = out / "serve.log"
    out.mkdir(exist_ok=True)
    with log.open("w") as stream:
        process = subprocess.Popen([*command, *more], stdout=stream, stderr=subprocess.STDOUT)
        try:
            latest = time.monotonic() + 300
            while True:
                time.sleep(0.1)
                assert process.poll() is None, log.read_text()
                try:
                    httpx.get(f"http://127.0.0.1:{port}/login", timeout=10)
                    break
                except httpx.TransportError:
                    assert time.monotonic() < latest, log.read_text()
            yield dict(ACCOUNT.findall(log.read_text("utf-8")))
        finally:
            process.terminate()
            process.wait(60)


def login(port: int, name: str, password: str) -> int:
    url = f"http://127.0.0.1:{port}"
    data = {"login": name, "password": password}
    return httpx.post(f"{url}/login", data=data, headers={"Origin": url}, timeout=60).status_code


@pytest.mark.slow
def test_it_shows_two_accounts_and_new_passwords_at_every_start(tmp_path):
    port = free_port()
    with served(tmp_path / "out", port) as first:
        assert list(first) == ["forecaster-on-duty", "shift-lead"]
        for name, password in first.items():
            assert login(port, name, password) == 303
        answer = httpx.get(f"http://127.0.0.1:{port}/login", timeout=60)
        assert "server" not in answer.headers
        evil = httpx.get(f"http://127.0.0.1:{port}/login", headers={"Host": "evil"}, timeout=60)
        assert evil.status_code == 400
    with served(tmp_path / "out", port, "--roles", "shift_lead,centre_director") as second:
        assert list(second) == ["shift-lead", "centre-director"]
        assert second["shift-lead"] != first["shift-lead"]
        assert login(port, "shift-lead", second["shift-lead"]) == 303
        assert login(port, "shift-lead", first["shift-lead"]) == 401
        assert login(port, "forecaster-on-duty", first["forecaster-on-duty"]) == 401
    shutil.rmtree(tmp_path / "out")


@pytest.fixture(scope="module")
def home():
    known = roots()
    return load_country(known.country(), known.threats)


def test_the_first_two_roles_of_the_country_unless_others_are_named(home):
    assert serve._roles("", home) == tuple(home.spec.roles)[:2]
    assert serve._roles(" shift_lead , shift_lead ", home) == ("shift_lead", "shift_lead")
    assert serve._logins(("shift_lead", "shift_lead")) == {
        "shift-lead": "shift_lead",
        "shift-lead-2": "shift_lead",
    }


def test_a_country_that_names_no_roles_has_those_of_a_drill():
    known = roots([TOY])
    toy = load_country(known.country("xt"), known.threats)
    assert len(serve._roles("", toy)) == 2


@pytest.mark.parametrize("text", ["nobody,shift_lead", "shift_lead", "a,b,c", ","])
def test_what_is_not_two_roles_is_refused_with_those_there_are(home, text):
    with pytest.raises(typer.BadParameter, match="shift_lead"):
        serve._roles(text, home)


def test_a_port_in_use_is_told_before_any_password(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(typer.BadParameter, match=str(port)):
            serve._free("127.0.0.1", port)
    with pytest.raises(typer.BadParameter, match="--port"):
        serve._free("no.such.host.invalid", 8000)
