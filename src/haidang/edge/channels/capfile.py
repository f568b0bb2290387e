"""The simplest channel: one CAP file a message, in a folder that anything may serve or copy."""

from __future__ import annotations

import os
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
        part = path.with_suffix(".part")
        part.write_bytes(message.body)
        os.replace(part, path)
    except OSError as err:
        raise Unavailable(Problem("channel.unwritable", {"why": err}, file=str(folder))) from err
    return path
