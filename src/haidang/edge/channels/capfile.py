"""The simplest channel: one CAP file a message, in a folder that anything may serve or copy."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC
from pathlib import Path

from haidang.app.verdict import Message
from haidang.base.errors import Unavailable
from haidang.base.problem import Problem

NAME = "capfile"


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
    path = folder / file_name(message)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_bytes() == message.body:
            return path
        _write(path, message.body)
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
