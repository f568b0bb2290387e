"""A notice as an e-mail. Nothing of it comes from a clock or chance: a repeat is the same mail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from html import escape
from typing import Final, NamedTuple

from haidang.app.verdict import Message
from haidang.base.ids import digest
from haidang.edge.channels.parts.notice import Notice, one_line
from haidang.edge.channels.parts.spec import safe
from haidang.edge.channels.port import Parcel
from haidang.warn.message import moment
from haidang.words import word

MAILBOX: Final = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>()\[\],;:\"\\]{1,253}"
"""An address as people have them. The quoted and bracketed forms of RFC 5322 are refused, and
letters outside ASCII before the ``@`` (RFC 6531), which few servers on the way would carry."""

_POLICY: Final = SMTP.clone(cte_type="7bit", max_line_length=76)
_STYLE: Final = "font:16px/1.45 sans-serif;max-width:40em;color:#12181b"
_MARK: Final = "font-weight:bold;border:2px solid #12181b;padding:4px 8px"


class Letter(NamedTuple):
    """Who writes.

    Attributes:
        sender: Address.
        name: Shown beside it; "" shows the notice's own sender.
        unsubscribe: Address to sign off, with ``{recipient}``; "" for none.
        attach: Whether the CAP message comes along.
        link: Where the message can be read; "" for nowhere.
    """

    sender: str
    name: str = ""
    unsubscribe: str = ""
    attach: bool = True
    link: str = ""


def mailbox(address: str) -> str | None:
    r"""An address with its domain in the letters of the network; None where it is none.

    >>> mailbox("lan@xã.vn"), mailbox("a@b\r\nBcc: c@d")
    ('lan@xn--x-yfa.vn', None)
    """
    if not re.fullmatch(MAILBOX, address) or not address.isprintable():
        return None
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None


def mail(parcel: Parcel, notice: Notice, to: str, letter: Letter) -> tuple[bytes, str]:
    """Lay a parcel out as an e-mail.

    Args:
        parcel: With the message.
        notice: What it says.
        to: From `mailbox`.
        letter: Who writes.

    Returns:
        The mail as it travels: text, HTML and the CAP message; and its ``Message-ID``.
        ``Auto-Submitted`` (RFC 3834) keeps out-of-office replies away; no header holds a line
        end, whatever the notice says.
    """
    domain = letter.sender.rpartition("@")[2]
    name = f"<{safe(parcel.key)}@{domain}>"
    own = [("To", to), ("Message-ID", name), *_sign_off(parcel, letter)]
    head = "".join(f"{n}: {one_line(value)}\r\n" for n, value in own)
    return head.encode("ascii", "replace") + _common(
        parcel.message, notice, letter, parcel.wakes
    ), name


@lru_cache(maxsize=32)
def _common(message: Message, notice: Notice, letter: Letter, wakes: bool) -> bytes:
    """All of a mail that is the same for every recipient: made once, not ten thousand times."""
    made = EmailMessage(_POLICY)
    domain = letter.sender.rpartition("@")[2]
    made["Subject"] = one_line(f"{notice.headline} {notice.still_short()}")
    made["From"] = Address(one_line(letter.name or notice.sender), addr_spec=letter.sender)
    made["Date"] = message.sent
    made["References"] = f"<{safe(message.chain)}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made["Content-Language"] = one_line(notice.language)
    if wakes:
        made["Importance"] = "high"
    for name, value in _cap_headers(message, notice):
        made[name] = one_line(value)
    made.set_content(_text(notice, letter))
    made.add_alternative(_html(notice, letter), subtype="html")
    if letter.attach:
        name = f"{safe(message.identifier)}.cap.xml"
        made.add_attachment(message.body, maintype="application", subtype="cap+xml", filename=name)
    for number, part in enumerate(p for p in made.walk() if p.is_multipart()):
        # By chance, it would be another one with every repeat.
        part.set_boundary(f"=_{digest(f'{message.identifier}/{number}')[:32]}")
    return made.as_bytes()


def _cap_headers(message: Message, notice: Notice) -> Iterator[tuple[str, str]]:
    """What a filter may sort by."""
    yield "X-CAP-Identifier", message.identifier
    yield "X-CAP-MsgType", message.kind
    yield "X-CAP-Level", str(message.level)
    for name in ("status", "severity", "urgency", "certainty"):
        if value := getattr(notice, name):
            yield f"X-CAP-{name.capitalize()}", value


def _sign_off(parcel: Parcel, letter: Letter) -> Iterator[tuple[str, str]]:
    """``List-Unsubscribe`` (RFC 2369), by one click where it is a web address (RFC 8058)."""
    if not letter.unsubscribe:
        return
    where = letter.unsubscribe.replace("{recipient}", safe(parcel.recipient or "all"))
    yield "List-Unsubscribe", f"<{where}>"
    if where.startswith("https:"):
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"


def _foot(notice: Notice, letter: Letter) -> Iterator[str]:
    language, zone = notice.language, notice.expires.tzinfo
    assert zone is not None
    yield word("channel.valid_until", language, time=moment(notice.expires, language, zone))
    if letter.link:
        yield word("channel.read_at", language, link=letter.link)
    if notice.sender:
        yield notice.sender
    if notice.note:
        yield notice.note


def _text(notice: Notice, letter: Letter) -> str:
    parts = [notice.headline, *notice.still, notice.description, notice.instruction]
    return "\n\n".join([*filter(None, parts), "\n".join(_foot(notice, letter))]) + "\n"


def _html(notice: Notice, letter: Letter) -> str:
    """One column of plain elements, readable in every program and by every reader of screens."""
    language = escape(notice.language, quote=True)
    mark = f'<p><span style="{_MARK}">{escape(notice.exercise)}</span></p>'
    foot = "<br>".join(_linked(line, letter.link) for line in _foot(notice, letter))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(notice.headline)}</title></head>"
        f'<body style="{_STYLE}">{mark if notice.exercise else ""}'
        f'<h1 style="font-size:20px">{escape(notice.headline)}</h1>'
        f"{''.join(_paragraphs(line, bold=True) for line in notice.still)}"
        f"{_paragraphs(notice.instruction, bold=True)}{_paragraphs(notice.description)}"
        f'<p style="color:#434e55">{foot}</p></body></html>\n'
    )


def _paragraphs(text: str, bold: bool = False) -> str:
    style = ' style="font-weight:bold"' if bold else ""
    parts = [p.strip() for p in re.split(r"\n\s*\n", text) if p.strip()]
    return "".join(f"<p{style}>{escape(p).replace(chr(10), '<br>')}</p>" for p in parts)


def _linked(line: str, link: str) -> str:
    if not link:
        return escape(line)
    shown = escape(link, quote=True)
    return escape(line).replace(shown, f'<a href="{shown}">{shown}</a>')
