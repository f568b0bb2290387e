"""The simplest channel: one CAP file a message, in a folder that anything may serve or copy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Final, Literal

from haidang.app.verdict import Message
from haidang.base.errors import Unavailable
from haidang.base.problem import Problem
from haidang.edge.channels.parts.spec import ChannelSpec, Home
from haidang.edge.channels.port import Outcome, Parcel

NAME: Final = "capfile"
PUBLIC: Final = True
"""It speaks to everybody: one parcel a message, without a recipient."""
PERSON: Final = False
"""What it brings is for machines, or for everybody: each notice goes out."""


class Spec(ChannelSpec):
    """Settings of a folder of CAP files.

    Attributes:
        kind: ``capfile``.
        folder: Made if it is not there.
    """

    kind: Literal["capfile"] = NAME
    folder: Path


def open(spec: Spec, home: Home | None = None) -> Folder:
    """Open the channel; the folder is made with the first message."""
    home = home or Home(NAME)
    return Folder(home.name, home.folder / spec.folder, spec.batch)


class Folder:
    """See the module. It speaks to everybody, so addresses do not count."""

    def __init__(self, name: str, folder: Path, batch: int) -> None:
        self.name, self.batch = name, batch
        self._folder = folder

    def send(self, parcels: Sequence[Parcel]) -> Sequence[Outcome]:
        """Write the messages; a file that is there counts as delivered."""
        return tuple(self._each(parcels))

    def _each(self, parcels: Sequence[Parcel]) -> Iterator[Outcome]:
        for parcel in parcels:
            try:
                deliver(self._folder, parcel.message)
            except Unavailable:
                yield Outcome(parcel.key, "failed", "channel.no_room")
            else:
                yield Outcome(parcel.key, "delivered", receipt=file_name(parcel.message))

    def close(self) -> None:
        """Nothing is held open."""


def file_name(message: Message) -> str:
    """Name of a message's file: by UTC time and identifier, so a listing is in order of sending."""
    sent = message.sent.astimezone(UTC)
    return f"{sent:%Y%m%dT%H%MZ}-{message.kind.lower()}-{message.identifier}.xml"


def deliver(folder: Path, message: Message) -> Path:
    """Write a message; writing it again changes nothing.

    The file appears whole or not at all: it is written beside its place and moved there.

    Args:
        folder: Made if it is not there.
        message: Its CAP bytes go out unchanged.

    Returns:
        Path of the file.

    Raises:
        Unavailable: The folder cannot be written to.
    """
    return put(folder, file_name(message), message.body)


def put(folder: Path, name: str, body: bytes) -> Path:
    """Put a file into a folder, whole or not at all; the same one again changes nothing.

    Raises:
        Unavailable: The folder cannot be written to.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_bytes() == body:
            return path
        _write(path, body)
    except OSError as err:
        raise Unavailable(Problem("channel.unwritable", {"why": err}, file=str(folder))) from err
    return path


def _write(path: Path, body: bytes) -> None:
    """Put a file in its place, whole and on the disk.

    Under a name of this process's own, so that two never write into one file. What a killed
    process left behind goes; had it belonged to a living one, that one finds the file in place.
    """
    part = path.with_suffix(f".{os.getpid()}.part")
    with part.open("wb") as stream:
        stream.write(body)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.replace(part, path)
    except FileNotFoundError:
        if path.read_bytes() != body:
            raise
    for other in path.parent.glob(f"{path.stem}.*.part"):
        with suppress(OSError):
            other.unlink()
