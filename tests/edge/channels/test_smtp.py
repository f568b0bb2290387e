"""E-mail against a real server: what arrives, and what becomes of every way to fail."""

from __future__ import annotations

import email
import logging
import time
import warnings
from contextlib import contextmanager
from email.policy import default

import pytest
from aiosmtpd import smtp as aio
from aiosmtpd.controller import Controller
from pydantic import ValidationError

from haidang.base.errors import Unavailable
from haidang.edge.channels import smtp
from haidang.edge.channels.parts.mail import mailbox
from haidang.edge.channels.parts.spec import Home, Secret
from haidang.warn.message import Text
from parcels import EN, message, parcel, parcels
from receivers import IN_TIME_S, drip, free_port, hush, raw

HOME = Home("mail", link="https://example.invalid/cap/{identifier}.xml")


class Box:
    """A mailbox with the whims that a test gives it."""

    def __init__(self, **answers):
        self.mails, self.sessions, self.answers = [], set(), answers
        self.logins = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 OK")

    async def handle_DATA(self, server, session, envelope):
        self.sessions.add(id(session))
        self.mails.append((envelope.rcpt_tos, envelope.content))
        return self.answers.get("DATA", "250 OK")

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((data.login, data.password))
        return aio.AuthResult(success=data.password == b"right", handled=False)

    def read(self, n=0):
        return email.message_from_bytes(self.mails[n][1], policy=default)


class Desk(Controller):
    """Its server, with the certificate of the tests where asked."""

    def __init__(self, handler, server_class=aio.SMTP, **kwargs):
        self._server_class = server_class
        with warnings.catch_warnings(action="ignore"):  # it warns of login without STARTTLS
            super().__init__(
                handler, hostname="127.0.0.1", port=free_port(), ready_timeout=120, **kwargs
            )

    def factory(self):
        with warnings.catch_warnings(action="ignore"):
            return self._server_class(self.handler, **self.SMTP_kwargs)


@contextmanager
def serving(box, **kwargs):
    desk = Desk(box, **kwargs)
    desk.start()
    try:
        yield desk.port
    finally:
        desk.stop()


def channel(port, **said):
    plain = {"host": "127.0.0.1", "tls": "off", "sender": "duty@example.invalid"}
    # Guards alone: a server of this machine answers when its thread is let run.
    return smtp.open(
        smtp.Spec(**{**plain, "timeout_s": 60, "total_s": 120, **said, "port": port}), HOME
    )


def test_a_mail_says_it_as_text_as_html_and_as_cap():
    box = Box()
    with serving(box) as port:
        (outcome,) = channel(port).send([parcel(address="lan@example.invalid")])
    assert outcome == ("key-1", "sent", "", "<key-1@example.invalid>")
    assert box.mails[0][0] == ["lan@example.invalid"]
    found = box.read()
    assert found["Message-ID"] == "<key-1@example.invalid>"
    assert found["Subject"] == parcel().text.headline
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-CAP-Identifier"] == "xt-0001"
    assert found["X-CAP-Status"] == "Actual"
    assert found["X-CAP-Severity"] == "Extreme"
    assert found["Importance"] == "high"
    text = found.get_body(["plain"]).get_content()
    assert "Ở trong nhà từ 05:00." in text
    assert "Có hiệu lực đến 05:00 ngày 08/09." in text
    assert "https://example.invalid/cap/xt-0001.xml" in text
    html = found.get_body(["html"]).get_content()
    assert '<html lang="vi">' in html
    assert "Ở trong nhà từ 05:00." in html
    (cap,) = found.iter_attachments()
    assert cap.get_content_type() == "application/cap+xml"
    assert cap.get_content() == message().body
    assert all(len(line) < 999 for line in box.mails[0][1].split(b"\r\n"))


def test_a_repeat_is_the_same_mail_to_the_octet():
    box = Box()
    with serving(box) as port:
        for _ in range(2):
            channel(port).send([parcel(address="lan@example.invalid")])
    assert box.mails[0] == box.mails[1]


def test_what_is_no_real_thing_says_so_first():
    box = Box()
    text = Text("en", "Storm: level 4 in X.", "It is strong.", "Stay inside.")
    with serving(box) as port:
        drill = message(status="Exercise", texts=(EN,))
        channel(port).send([parcel(address="a@b.invalid", of=drill, text=text)])
    found = box.read()
    assert found["Subject"] == "EXERCISE. Storm: level 4 in X."
    assert found["X-CAP-Status"] == "Exercise"
    assert found.get_body(["html"]).get_content().count("EXERCISE") >= 2


def test_a_batch_goes_over_one_connection():
    box = Box()
    with serving(box) as port:
        found = channel(port).send([parcel(f"key-{n}", f"r{n}@example.invalid") for n in range(7)])
    assert [o.state for o in found] == ["sent"] * 7
    assert len(box.sessions) == 1
    assert [to for to, _ in box.mails] == [[f"r{n}@example.invalid"] for n in range(7)]


def test_each_recipient_has_its_own_answer():
    answers = {
        "gone@b.invalid": "550 no such user gone@b.invalid",
        "later@b.invalid": "451 try later",
        "full@b.invalid": "552 mailbox full",
    }
    box = Box(**answers)
    to = ["a@b.invalid", *answers, "z@b.invalid", "no address", "two@x@y"]
    with serving(box) as port:
        found = channel(port).send([parcel(a, a) for a in to])
    assert {o.key: (o.state, o.why) for o in found} == {
        "a@b.invalid": ("sent", ""),
        "gone@b.invalid": ("refused", "channel.rejected"),
        "later@b.invalid": ("failed", "channel.not_now"),
        "full@b.invalid": ("failed", "channel.not_now"),
        "z@b.invalid": ("sent", ""),
        "no address": ("refused", "channel.bad_address"),
        "two@x@y": ("refused", "channel.bad_address"),
    }
    assert len(box.mails) == 2


@pytest.mark.parametrize(
    ("answer", "state", "why"),
    [("554 no", "refused", "channel.rejected"), ("452 full", "failed", "channel.not_now")],
)
def test_the_message_itself_may_be_refused(answer, state, why):
    with serving(Box(DATA=answer)) as port:
        (outcome,) = channel(port).send([parcel(address="a@b.invalid")])
    assert outcome[1:3] == (state, why)


@pytest.mark.parametrize(
    "headline",
    ["Storm.\r\nBcc: all@x.invalid", "Storm.\nX: y\n\nbody", "Storm\u2028.\rTo: a@b.c", "\0Storm."],
)
def test_no_word_of_a_notice_becomes_a_header(headline):
    box = Box()
    text = Text("en", headline, headline, headline)
    with serving(box) as port:
        (outcome,) = channel(port).send([parcel(address="a@b.invalid", text=text)])
    found = box.read()
    assert outcome.state == "sent"
    assert found["Bcc"] is None
    assert found["X"] is None
    assert found.get_all("To") == ["a@b.invalid"]
    assert "Storm" in found["Subject"]


def test_an_address_is_one_address():
    assert mailbox("a@b.invalid\r\nRCPT TO:<x@y.z>") is None
    assert mailbox("<a@b.invalid>") is None
    assert mailbox("a@b.invalid ") is None
    assert mailbox("lân@b.invalid") is None
    assert mailbox("lan@thị-xã.invalid") == "lan@xn--th-x-joa7407b.invalid"


def test_signing_off_is_one_click():
    box = Box()
    with serving(box) as port:
        where = "https://example.invalid/off/{recipient}"
        channel(port, unsubscribe=where).send([parcel(address="a@b.invalid")])
    assert box.read()["List-Unsubscribe"] == "<https://example.invalid/off/r-1>"
    assert box.read()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


# --- TLS and login ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
def test_tls_and_login(kind, tls, monkeypatch):
    monkeypatch.setenv("MAIL", "right")
    box = Box()
    start = kind == "starttls"
    kwargs = (
        {"tls_context": tls.server(), "require_starttls": True}
        if start
        else {"ssl_context": tls.server(), "auth_require_tls": False}
    )
    with serving(box, authenticator=box.authenticate, auth_required=True, **kwargs) as port:
        said = {"tls": kind, "ca": tls.certificate, "user": "desk", "host": "localhost"}
        login = channel(port, **said, password=Secret(env="MAIL"))
        (outcome,) = login.send([parcel(address="a@b.invalid")])
        monkeypatch.setenv("MAIL", "wrong")
        again = channel(port, **said, password=Secret(env="MAIL"))
        refused = again.send(parcels(2, "a@b.invalid"))
    assert outcome.state == "sent"
    assert {o[1:3] for o in refused} == {("failed", "channel.login")}
    assert box.logins[0] == (b"desk", b"right")


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_a_failure(kind, tls):
    box = Box()
    start = {"tls_context": tls.server()} if kind == "starttls" else {"ssl_context": tls.server()}
    with serving(box, **start) as port:
        (outcome,) = channel(port, tls=kind, host="localhost").send([parcel(address="a@b.invalid")])
    assert outcome[1:3] == ("failed", "channel.tls")
    assert not box.mails


def test_starttls_is_never_left_out_in_silence():
    box = Box()
    with serving(box) as port:
        (outcome,) = channel(port, tls="starttls").send([parcel(address="a@b.invalid")])
    assert outcome[1:3] == ("failed", "channel.tls")
    assert not box.mails


def test_a_password_asks_for_tls_and_for_a_user():
    said = {"host": "mail.example.invalid", "sender": "a@b.invalid", "password": {"env": "X"}}
    with pytest.raises(ValidationError, match="TLS"):
        smtp.Spec(**said, user="desk", tls="off")
    with pytest.raises(ValidationError, match="password"):
        smtp.Spec(**said)


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(Unavailable) as error:
        channel(1, tls="implicit", ca=tmp_path / "none.pem")
    assert error.value.problems[0].field == "ca"


# --- ways to fail -------------------------------------------------------------------------------


class Breaks(aio.SMTP):
    """Ends the connection after so many mails."""

    async def smtp_DATA(self, arg):
        await super().smtp_DATA(arg)
        if len(self.event_handler.mails) % 3 == 2:
            self.transport.abort()


class Closes(aio.SMTP):
    """Says good-bye politely after two mails of a connection."""

    async def smtp_MAIL(self, arg):
        self.taken = getattr(self, "taken", 0) + 1
        if self.taken > 2:
            await self.push("421 enough")
            self.transport.close()
            return
        await super().smtp_MAIL(arg)


def test_a_server_that_allows_few_mails_a_connection_gets_several():
    box = Box()
    with serving(box, server_class=Closes) as port:
        found = channel(port).send(parcels(6, "a@b.invalid"))
    states = {o.key: o.state for o in found}
    assert sorted(states) == [f"key-{n}" for n in range(6)]
    assert len(box.mails) == sum(s == "sent" for s in states.values()) == 4


def test_where_the_connection_ends_half_way_the_unanswered_have_failed():
    box = Box()
    with serving(box, server_class=Breaks) as port:
        found = channel(port).send(parcels(9, "a@b.invalid"))
    sent = [o for o in found if o.state == "sent"]
    lost = [o for o in found if o.why == "channel.lost"]
    assert len(sent) + len(lost) == 9
    assert lost
    assert len(sent) <= len(box.mails)


HANGS = [
    ("silence", hush),
    ("a greeting without end", lambda c: drip(c, b"220-x\r\n" * 300)),
]


@pytest.mark.parametrize("speak", [h[1] for h in HANGS], ids=[h[0] for h in HANGS])
def test_every_way_to_hang_ends_in_time(speak):
    with raw(speak) as port:
        begin = time.monotonic()
        found = channel(port, timeout_s=0.3, total_s=0.6).send(parcels(3, "a@b.invalid"))
        assert time.monotonic() - begin < IN_TIME_S
    assert {o.key: o.state for o in found} == dict.fromkeys(["key-0", "key-1", "key-2"], "failed")
    assert {o.why for o in found} == {"channel.timeout"}


BREAKS = [
    ("garbage", lambda c: c.sendall(b"\xff\0 hello\r\n" * 9), "channel.garbage"),
    ("a web server", lambda c: c.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"), "channel.garbage"),
    ("closed", lambda c: None, "channel.lost"),
    ("not now", lambda c: c.sendall(b"421 too busy\r\n"), "channel.not_now"),
]


@pytest.mark.parametrize(("speak", "why"), [h[1:] for h in BREAKS], ids=[h[0] for h in BREAKS])
def test_every_way_to_break_is_told(speak, why):
    with raw(speak) as port:
        begin = time.monotonic()
        found = channel(port).send(parcels(3, "a@b.invalid"))
        assert time.monotonic() - begin < IN_TIME_S
    assert {o.key: o.state for o in found} == dict.fromkeys(["key-0", "key-1", "key-2"], "failed")
    assert why in {o.why for o in found}


def spoken(*answers):
    """A server that says its lines, each after a command, and hangs up behind the last."""

    def speak(connection):
        connection.sendall(b"220 here\r\n")
        for answer in answers:
            assert connection.recv(4096)
            connection.sendall(answer + b"\r\n")

    return speak


@pytest.mark.parametrize(
    "answers", [(b"250 x", b"550 no such user"), (b"250 x", b"250 ok", b"550 no such user"),
                (b"250 x", b"250 ok", b"250 ok", b"554 not that")],
)  # fmt: skip
def test_a_refusal_counts_though_the_server_hangs_up_behind_it(answers):
    """What was refused is not tried for days, and the next one is not taken for lost."""
    with raw(spoken(*answers)) as port:
        found = channel(port).send([parcel(f"key-{n}", f"r{n}@b.invalid") for n in range(2)])
    why = "channel.sender" if len(answers) == 2 else "channel.rejected"
    assert [(o.key, o.why) for o in found] == [("key-0", why), ("key-1", why)]


def test_a_refusal_counts_though_the_message_was_still_being_written():
    """A server that has heard enough says so and closes: the writing fails before it is read."""
    long = Text("vi", "Bão.", "x" * 8_000_000, "Ở trong nhà.")
    answers = (b"250 x", b"250 ok", b"250 ok", b"354 go on", b"552-too large\r\n554 not that")
    with raw(spoken(*answers)) as port:
        (outcome,) = channel(port).send([parcel(address="a@b.invalid", text=long)])
    assert outcome[1:3] == ("refused", "channel.rejected")


def test_nobody_there_is_a_failure():
    found = channel(free_port()).send(parcels(2, "a@b.invalid"))
    assert {o[1:3] for o in found} == {("failed", "channel.no_connection")}


def test_nothing_secret_is_said_or_logged(caplog, capsys):
    caplog.set_level(logging.DEBUG, "haidang")
    box = Box(**{"secret.lan@b.invalid": "550 secret.lan@b.invalid is not here"})
    with serving(box) as port:
        outcomes = channel(port).send([parcel(address="secret.lan@b.invalid")])
    said = repr(outcomes) + caplog.text + "".join(capsys.readouterr())
    assert "secret.lan" not in said
