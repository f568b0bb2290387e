"""Messages from files, folders and the standard input, held against the standard."""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from haidang.base.errors import BadData, NotFound
from haidang.base.problem import Problem
from haidang.pack.load import roots
from haidang.warn.cap import (
    Profile,
    Register,
    Report,
    named,
    profiles,
    read_profile,
    unwrap,
    validate,
    warm,
)
from haidang.warn.cap.document import SIZE_MAX
from haidang.warn.cap.finding import Notes, located
from haidang.warn.cap.profile import COUNTRY_FILE

STDIN: Final = "-"
ENDINGS: Final = (".xml", ".cap")
"""What is taken for a message in a folder."""
ENVELOPES: Final = (".edxlde", ".edxl")
"""What is taken for an envelope of messages in a folder."""
MANY: Final = 300
"""Files from which on it pays to load the compiled judgement of polygons."""

_ENVELOPE: Final = re.compile(rb"<(?:[\w.-]+:)?EDXLDistribution[\s>]")


@dataclass(frozen=True, slots=True)
class Looked:
    """One message and what there is to say of it.

    Attributes:
        name: Of its file; one out of an envelope has its number behind a ``#``.
    """

    name: str
    data: bytes
    report: Report


def left_out(names: Sequence[str]) -> tuple[str, ...]:
    """Files in folders that are not looked at, for their names do not end as a message's do."""
    folders = [Path(name) for name in names if name != STDIN and Path(name).is_dir()]
    taken = ENDINGS + ENVELOPES
    found = (f for folder in folders for f in folder.rglob("*") if f.suffix.lower() not in taken)
    return tuple(sorted(str(f) for f in found if f.is_file()))


def look(
    names: Sequence[str],
    profile: Profile | None,
    *,
    require_signature: bool = False,
    batch: bool = False,
    language: str = "en",
) -> Iterator[Looked]:
    """Hold every message against the standard and a profile.

    Args:
        names: Files, folders, ``-`` for the standard input.
        profile: From `profile_of`.
        require_signature: As `validate` takes it.
        batch: Also hold them against one another: identifiers used twice, unknown references.
        language: Of what is said.

    Yields:
        One that cannot be read as invalid with this reason (``cannot_read``); the rest goes on.

    Raises:
        NotFound: A name is neither a file nor a folder, or a folder holds no message.
    """
    files = [file for name in names for file in _files(name)]
    if len(files) >= MANY:
        warm()
    seen = Register() if batch else None
    for file in files:
        try:
            whole = _read(file)
        except OSError as error:
            yield Looked(file, b"", _unread(file, error, language))
            continue
        for name, data in _opened(file, whole):
            report = validate(data, profile, require_signature, language=language, seen=seen)
            yield Looked(name, data, report)


def _opened(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    """The message, or the messages in an envelope; one that cannot be opened is told as it is."""
    if _ENVELOPE.search(data) is None:
        yield name, data
        return
    try:
        inside = unwrap(data)
    except BadData:
        inside = (data,)
    if inside == (data,):
        yield name, data
        return
    for number, one in enumerate(inside, 1):
        yield f"{name}#{number}", one


def profile_of(name: str) -> Profile:
    """A profile by its name: shipped, of a country pack anywhere, or a YAML file.

    Raises:
        NotFound: Nothing has this name.
        BadPack: The file is not a profile.
    """
    if name.lower() in profiles():
        return named(name)
    own = roots().countries.get(name)
    file = Path(name) if own is None else Path(str(own)) / COUNTRY_FILE
    if not file.is_file():
        return named(name)  # says which there are
    return read_profile(file.read_text("utf-8"), file.name)


def _files(name: str) -> list[str]:
    path = Path(name)
    if name == STDIN or path.is_file():
        return [name]
    if not path.is_dir():
        raise NotFound(Problem("cap.no_file", {"name": name}))
    taken = ENDINGS + ENVELOPES
    found = sorted(str(f) for f in path.rglob("*") if f.suffix.lower() in taken and not f.is_dir())
    if not found:
        raise NotFound(Problem("cap.no_message", {"name": name, "endings": ", ".join(taken)}))
    return found


def _read(name: str) -> bytes:
    """One byte more than is taken, so that what is too long is told and not held in memory.

    Raises:
        OSError: It cannot be read, or is a pipe that somebody would have to write into first.
    """
    if name == STDIN:
        return sys.stdin.buffer.read(SIZE_MAX + 1)
    path = Path(name)
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
    with path.open("rb") as file:
        return file.read(SIZE_MAX + 1)


def _unread(name: str, error: OSError, language: str) -> Report:
    notes = Notes()
    notes.at_line("cannot_read", 1, name=name, reason=error.strerror or str(error))
    return Report(False, tuple(located(notes, language, {})))
