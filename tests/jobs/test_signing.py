"""Where signing is required nothing goes out without it, and every refusal says what to do."""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from shutil import copytree

import pytest

from authority import curve, issued, pem
from desks import lay
from haidang.base.errors import BadData
from haidang.edge import keys
from haidang.edge.store.store import Store
from haidang.jobs.desk import Desk, start_drill
from haidang.jobs.replay import act_on
from haidang.pack.case import load_case
from haidang.pack.load import roots
from haidang.warn.cap import parse
from haidang.warn.cap.signer import sign
from haidang.warn.cap.verifier import verify
from jobs import live_toy

from .conftest import TOY

CASE = "toy-2030"
SIGNER, LEAD = ("aaaaaaaa01", "forecaster"), ("bbbbbbbb02", "lead")
KEY, CERTIFICATE = "TOYLAND_KEY", "TOYLAND_CERTIFICATE"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
OFFICE = issued("Toyland", curve(21), first=NOW - DAY, last=NOW + 10 * DAY)


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    """The toy country, which now signs everything."""
    home = tmp_path_factory.mktemp("strict") / "toy"
    copytree(TOY, home)
    file = home / "countries" / "xt" / "country.yaml"
    file.chmod(0o644)
    text = file.read_text()
    rule = f"sender:\n  signing: required\n  key_from: {KEY}\n  certificate_from: {CERTIFICATE}\n"
    file.write_text(text.replace("sender:\n", rule))
    return roots([home])


@pytest.fixture(scope="module")
def begun(strict, tmp_path_factory):
    out = tmp_path_factory.mktemp("begun")
    start_drill(CASE, out, strict).close()
    return out / f"drill-{CASE}"


@pytest.fixture
def desk(begun, strict, tmp_path, monkeypatch):
    for name in (KEY, CERTIFICATE):
        monkeypatch.delenv(name, raising=False)
    lay(begun, tmp_path / begun.name)
    found = Desk.open(tmp_path / begun.name, strict)
    yield found
    found.close()


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Files of a pair, named in the environment."""

    def put(key=None, certificate=None, mode=0o600):
        for name, data in ((KEY, key), (CERTIFICATE, certificate)):
            if data is not None:
                file = tmp_path / f"{name}.pem"
                file.write_bytes(data)
                file.chmod(mode)
                monkeypatch.setenv(name, str(file))

    return put


def waiting(desk):
    draft = desk.store.pending()[0]
    if not desk.store.draft_state(draft.id).signer:
        desk.sign(draft.id, *SIGNER, datetime.now(UTC))
    return draft


def refused(desk):
    draft = waiting(desk)
    before = desk.store.head()
    with pytest.raises(BadData) as caught:
        desk.approve(draft.id, *LEAD, datetime.now(UTC))
    assert desk.store.messages() == ()
    assert desk.store.outbox_due(limit=9) == []
    assert desk.store.draft_state(draft.id).pending
    assert desk.store.head() == before
    assert not list((desk.folder / "cap").glob("*.xml")) if (desk.folder / "cap").exists() else True
    said = caught.value.say("vi"), caught.value.say("en")
    assert said[0] != said[1]
    assert "PRIVATE KEY" not in "".join(said)
    return caught.value.problems[0]


def test_a_message_is_signed_before_it_is_written_down(desk, given):
    given(OFFICE.key, OFFICE.pem)
    draft = waiting(desk)
    message = desk.approve(draft.id, *LEAD, datetime.now(UTC))
    seen = verify(message.body, [OFFICE.pem], datetime.now(UTC))
    assert (seen.trust, seen.valid, seen.codes) == ("trusted", True, ())
    assert parse(seen.data).identifier == message.identifier
    [file] = (desk.folder / "cap").glob("*.xml")
    assert file.read_bytes() == message.body
    assert desk.store.verify() == ()
    # Approving again gives the message that is there, byte for byte.
    assert desk.approve(draft.id, *LEAD, datetime.now(UTC)).body == message.body


def test_without_a_key_nothing_is_sent(desk, given, tmp_path):
    assert refused(desk).params == {"variable": KEY}
    given(OFFICE.key)
    assert refused(desk).params == {"variable": CERTIFICATE}
    given(OFFICE.key, OFFICE.pem)
    (tmp_path / f"{KEY}.pem").unlink()
    gone = refused(desk)
    assert gone.code == "sign.key_file"
    assert f"{KEY}.pem" in gone.params["file"]


def test_a_key_that_cannot_sign_is_told_with_its_reason(desk, given):
    old = issued("Toyland", curve(21), first=NOW - 10 * DAY, last=NOW - DAY)
    new = issued("Toyland", curve(21), first=NOW + DAY, last=NOW + 10 * DAY)
    other = issued("Toyland", curve(22), first=NOW - DAY, last=NOW + DAY)
    for pair, code in (
        ((OFFICE.key, old.pem), "certificate_expired"),
        ((OFFICE.key, new.pem), "certificate_not_yet"),
        ((OFFICE.key, other.pem), "key_other"),
        ((b"rubbish", OFFICE.pem), "key_unreadable"),
        ((OFFICE.key, b"rubbish"), "certificate_unreadable"),
        ((pem(curve(21), b"secret"), OFFICE.pem), "key_password"),
    ):
        given(*pair)
        assert refused(desk).code == f"sign.{code}"


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_a_key_that_lies_open_is_not_used(desk, given):
    given(OFFICE.key, OFFICE.pem, mode=0o644)
    assert refused(desk).code == "sign.key_open"
    given(OFFICE.key, OFFICE.pem, mode=0o640)
    desk.approve(waiting(desk).id, *LEAD, datetime.now(UTC))


def test_a_locked_key_is_opened_by_the_password_of_the_environment(desk, given, monkeypatch):
    given(pem(curve(21), b"secret"), OFFICE.pem)
    monkeypatch.setenv("HAIDANG_SIGNING_PASSWORD", "secret")
    message = desk.approve(waiting(desk).id, *LEAD, datetime.now(UTC))
    assert verify(message.body, [OFFICE.pem]).trust == "trusted"


def test_a_replay_needs_no_key_and_signs_nothing(desk, strict):
    """It sends nothing; and whoever studies a past season must not need the agency's key."""
    case = load_case(CASE, strict)
    for officer in case.spec.officers:
        desk.store.add_actor(officer.role, actor_id=officer.actor)
    act_on(desk.store, lambda _: (case, desk.context), None)
    messages = desk.store.messages()
    assert messages
    assert all(b"Signature" not in m.body for m in messages)


def test_a_made_pair_signs_and_is_never_written_over(tmp_path):
    for kind in ("ec", "rsa"):
        seal = keys.make("Toyland desk", NOW, kind=kind, days=30)
        assert "PRIVATE" not in repr(seal)
        key, certificate = keys.write(seal, tmp_path / kind)
        if os.name == "posix":
            assert {f.stat().st_mode & 0o777 for f in (key, certificate)} == {0o600}
        message = b'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><note>a</note></alert>'
        done = sign(message, key.read_bytes(), certificate.read_bytes())
        seen = verify(done, [certificate.read_bytes()], NOW)
        assert (seen.trust, seen.subject) == ("trusted", "CN=Toyland desk")
        before = (key.read_bytes(), certificate.read_bytes())
        assert before == (seal.key, seal.certificate)
        other = keys.make("Another desk", NOW, kind="ec")
        for gone in (None, certificate):  # a key without its certificate is not written over either
            if gone:
                gone.unlink()
            with pytest.raises(BadData) as caught:
                keys.write(other, tmp_path / kind)
            assert caught.value.problems[0].code == "sign.key_there"
            assert key.read_bytes() == before[0]
            assert certificate.exists() == (gone is None)


@pytest.mark.parametrize(
    ("name", "days", "code"),
    [(" ", 9, "key_name"), ("x" * 65, 9, "key_name"), ("x", 0, "key_days"),
     ("x", 36_501, "key_days")],
)  # fmt: skip
def test_a_pair_that_nobody_could_use_is_not_made(name, days, code):
    with pytest.raises(BadData) as caught:
        keys.make(name, NOW, days=days)
    assert caught.value.problems[0].code == f"sign.{code}"


def test_what_speaks_alone_signs_and_a_bad_key_keeps_it_waiting(given, tmp_path, monkeypatch):
    """The watch goes on without a key; what it has to say waits and is told when there is one."""
    clock = live_toy.Clock()
    home = live_toy.make(tmp_path / "home", communes=2, gauges=2)
    found = {name: signing(context) for name, context in live_toy.contexts(home).items()}
    mine = issued("Toyland", curve(21), first=live_toy.T0 - DAY, last=live_toy.T0 + DAY)
    with Store.open(tmp_path / "live.db") as store:
        with pytest.raises(BadData) as caught:
            live_toy.live(store, found, clock)
        assert caught.value.problems[0].code == "sign.key_unset"
        given(mine.key, mine.pem)
        job = live_toy.live(store, found, clock)
        clock.on(minutes=5)
        monkeypatch.delenv(KEY)
        now = job.now()
        both = [live_toy.heard(clock, gauge, 4.5) for gauge in ("g0000", "g0001")]
        touched = job.take(both, now).touched
        looked = job.look(now, touched)
        assert looked.verdict is not None
        assert looked.spoken == store.messages() == ()
        assert [p.code for p in job.mute] == ["sign.key_unset"]
        given(mine.key, mine.pem)
        spoken = job.recover()
        assert {m.draft for m in spoken} == {d.id for d in looked.verdict.drafts}
        assert len(spoken) == 2
        assert job.mute == ()
        assert {verify(m.body, [mine.pem]).trust for m in spoken} == {"trusted"}


def signing(context):
    spec = context.country.spec
    sender = spec.sender.model_copy(
        update={"signing": "required", "key_from": KEY, "certificate_from": CERTIFICATE}
    )
    country = replace(context.country, spec=spec.model_copy(update={"sender": sender}))
    return replace(context, country=country)
