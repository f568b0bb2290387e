"""``haidang key``: a pair is made for its owner's eyes, and shown without its secret."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.process import haidang
from edge.store.samples import duty
from haidang.edge.keys import make, write
from haidang.edge.store import Store
from haidang.warn.cap import sign, verify

MESSAGE = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><note>a</note></alert>'


def test_a_new_pair_signs(tmp_path):
    done = haidang("key", "new", "Bàn trực", "--to", tmp_path / "k", "--days", 30)
    assert done.returncode == 0, done.stderr
    key, certificate = (tmp_path / "k" / f"signing-{n}.pem" for n in ("key", "certificate"))
    if os.name == "posix":
        assert {f.stat().st_mode & 0o777 for f in (key, certificate)} == {0o600}
    signed = sign(MESSAGE, key.read_bytes(), certificate.read_bytes())
    seen = verify(signed, [certificate.read_bytes()])
    assert (seen.trust, seen.valid) == ("trusted", True)
    assert seen.fingerprint in done.stdout
    shown = haidang("key", "show", certificate, "--key", key, lang="vi")
    assert shown.returncode == 0
    assert seen.fingerprint in shown.stdout
    assert "Khóa khớp" in shown.stdout
    assert "PRIVATE" not in done.stdout + shown.stdout


def test_a_pair_is_never_written_over_and_a_stranger_is_seen(tmp_path):
    for name in ("a", "b"):
        write(make(name, datetime.now(UTC)), tmp_path / name)
    again = haidang("key", "new", "a", "--to", tmp_path / "a")
    assert (again.returncode, "never overwritten" in again.stderr) == (2, True)
    mixed = haidang(
        "key", "show", tmp_path / "a" / "signing-certificate.pem",
        "--key", tmp_path / "b" / "signing-key.pem",
    )  # fmt: skip
    assert (mixed.returncode, "does not belong" in mixed.stderr) == (2, True)
    missing = haidang("key", "show", tmp_path / "none.pem", lang="vi")
    assert (missing.returncode, "không đọc được" in missing.stderr) == (2, True)


@pytest.fixture
def served(tmp_path) -> Path:
    """A small store with a ledger."""
    file = tmp_path / "haidang.db"
    with Store.open(file) as store:
        duty(store, 2)
    return file


def test_a_signed_head_is_published_and_asked_for(served, tmp_path):
    now = datetime.now(UTC)
    key, own = write(make("Toyland desk", now), tmp_path / "a")
    _, other = write(make("Somebody else", now), tmp_path / "b")
    anchor = tmp_path / "anchor.json"
    named = {"HAIDANG_SIGNING_KEY": str(key), "HAIDANG_SIGNING_CERTIFICATE": str(own)}
    sign_it = ("ledger", "sign", "--db", served, "--to", anchor)
    bare = haidang(*sign_it, lang="vi")
    assert (bare.returncode, "HAIDANG_SIGNING_KEY" in bare.stderr) == (2, True)
    made = haidang(*sign_it, **named)
    assert made.returncode == 0, made.stderr
    ask = ("ledger", "verify", "--db", served, "--anchor", anchor)
    sure = haidang(*ask, "--trusted", other, "--trusted", own)
    assert (sure.returncode, "which is trusted" in sure.stdout) == (0, True)
    assert "untouched" in sure.stdout
    strange = haidang(*ask, "--trusted", other)
    assert (strange.returncode, "not trusted here" in strange.stderr) == (2, True)
