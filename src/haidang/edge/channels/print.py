"""A notice on paper, for the board of a commune: one page, in both languages, as PDF.

The level stands there as a number, as a row of boxes and in the colour that the law gives it, so
that a copy without colours says the same. The same notice gives the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import typst

from haidang.base.errors import Unavailable
from haidang.edge.channels.capfile import file_name, put
from haidang.edge.channels.parts.notice import Notice, read_all
from haidang.edge.channels.parts.spec import ChannelSpec, Home
from haidang.edge.channels.port import Outcome, Parcel
from haidang.law.levels import Scale
from haidang.pack.law import read_law
from haidang.pack.load import roots
from haidang.warn.message import moment
from haidang.words import word

NAME: Final = "print"
PUBLIC: Final = True
"""It speaks to everybody: one parcel a message, without a recipient."""
PERSON: Final = False
"""What it brings is for machines, or for everybody: each notice goes out."""

_LIGHT: Final = 140.0
"""Brightness of a colour above which letters on it are dark (0 to 255)."""
_INK, _PAPER = "#12181b", "#ffffff"


class Spec(ChannelSpec):
    """Settings of printed notices.

    Attributes:
        kind: ``print``.
        folder: Where the files go; made if it is not there.
        country: Whose scales have names and colours for the levels; "" for the only one there is.
        languages: On the page, the first largest; () for those of the message, in its order.
        contact: How to reach who posts it, e.g. a phone number; printed below.
    """

    kind: Literal["print"] = NAME
    folder: Path
    country: str = ""
    languages: tuple[str, ...] = ()
    contact: str = ""


def open(spec: Spec, home: Home | None = None) -> Print:
    """Open the channel; the folder is made with the first notice.

    Raises:
        NotFound: No such country, or none named and there are several.
    """
    return Print(spec, home or Home(NAME))


class Print:
    """See the module."""

    def __init__(self, spec: Spec, home: Home) -> None:
        self.name, self.batch = home.name, spec.batch
        self._spec, self._home = spec, home
        self._folder = home.folder / spec.folder
        self._scales = read_law(roots().country(spec.country or None) / "law").scales

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Write a page for each message; one that is there already stays as it is."""
        return tuple(self._each(parcels))

    def _each(self, parcels: Sequence[Parcel]) -> Iterator[Outcome]:
        for parcel in parcels:
            name = file_name(parcel.message).removesuffix(".xml") + ".pdf"
            try:
                if not (self._folder / name).exists():
                    put(self._folder, name, self.page(parcel))
            except (Unavailable, OSError):
                yield Outcome(parcel.key, "failed", "channel.no_room")
            except (typst.TypstError, RuntimeError):
                yield Outcome(parcel.key, "failed", "channel.not_set")
            else:
                yield Outcome(parcel.key, "delivered", receipt=name)

    def close(self) -> None:
        """Nothing is held open."""

    def page(self, parcel: Parcel) -> bytes:
        """The notice of a parcel as PDF."""
        notices = read_all(parcel)
        chosen = [n for c in self._spec.languages for n in notices if n.language == c]
        link = self._home.link_to(parcel.message.identifier)
        return printed(parcel, chosen or notices, self._scales, link, self._spec.contact)


def printed(
    parcel: Parcel,
    notices: Sequence[Notice],
    scales: Mapping[str, Scale],
    link: str = "",
    contact: str = "",
) -> bytes:
    """Set a notice on one page.

    Args:
        parcel: With the message.
        notices: What it says, one a language; the first is the largest.
        scales: By id; for names and colours of the levels.
        link: Where it can be read.
        contact: How to reach who posts it.

    Returns:
        A PDF (PDF/UA-1, readable by screen readers).
    """
    first = notices[0]
    scale = scales.get(dict(first.facts).get("scale", ""))
    level = parcel.message.level
    rank = scale.ranks[level - 1] if scale and 1 <= level <= scale.top else None
    fill = rank.colour if rank else ""
    data = {
        "title": first.headline,
        "author": first.sender or "Hải Đăng",
        "level": level if parcel.message.kind != "Cancel" else 0,
        "top": scale.top if scale and rank else 0,
        "fill": fill,
        "ink": _on(fill),
        "exercise": " · ".join(dict.fromkeys(filter(None, (n.exercise for n in notices)))),
        "parts": [_part(parcel, n, scale) for n in notices],
        "foot": list(_foot(notices, link, contact)),
    }
    made = typst.compile(
        _template(),
        format="pdf",
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        timestamp=parcel.message.sent.astimezone(UTC),
        pdf_standards="ua-1",
    )
    assert isinstance(made, bytes)
    return made


@cache
def _template() -> bytes:
    return files(__package__ or "").joinpath("print.typ").read_bytes()


def _on(fill: str) -> str:
    """Ink that is read on a colour."""
    if not fill:
        return _INK
    red, green, blue = (int(fill[n : n + 2], 16) for n in (1, 3, 5))
    return _INK if 0.299 * red + 0.587 * green + 0.114 * blue > _LIGHT else _PAPER


def _part(parcel: Parcel, notice: Notice, scale: Scale | None) -> dict[str, object]:
    language, level = notice.language, parcel.message.level

    def when(instant: datetime) -> str:
        zone = notice.expires.tzinfo
        assert zone is not None
        return moment(instant.astimezone(zone), language, zone)

    named = ""
    if scale and 1 <= level <= scale.top and parcel.message.kind != "Cancel":
        rank = scale.ranks[level - 1]
        said = {"level": level, "name": rank.names.say(language), "top": scale.top}
        named = f"{scale.title.say(language)}: " + word("channel.level_of", language, **said)
        if rank.colour_names:
            named += f" · {rank.colour_names.say(language)}"
        named = named[:1].upper() + named[1:]
    rows = [
        (word("channel.print_what", language), notice.event),
        (word("channel.print_where", language), notice.place),
        (word("channel.print_when", language), when(notice.onset) if notice.onset else ""),
        (word("channel.print_until", language), when(notice.expires)),
        (word("channel.print_who", language), notice.sender),
    ]
    return {
        "language": language,
        "word": named,
        "headline": notice.headline,
        "rows": [list(r) for r in rows if r[1]],
        "do": word("channel.print_do", language),
        "todo": [line for line in notice.instruction.splitlines() if line.strip()],
        "description": notice.description,
    }


def _foot(notices: Sequence[Notice], link: str, contact: str) -> Iterator[str]:
    if notices[0].note:
        yield notices[0].note
    language = notices[0].language
    if contact or notices[0].contact:
        yield word("channel.print_contact", language, contact=contact or notices[0].contact)
    if link:
        yield word("channel.read_at", language, link=link)
