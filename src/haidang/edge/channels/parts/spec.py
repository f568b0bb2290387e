"""What the settings of every channel have, and what a channel is told besides them."""

from __future__ import annotations

import os
import re
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from haidang.base.errors import Unavailable
from haidang.base.ids import content_id
from haidang.base.problem import Problem
from haidang.base.spec import Spec

PUBLIC_LINK: Final = r"https://[^\s{}<>\"]+\{identifier\}[^\s{}<>\"]*"
"""Where a message can be read: an address with ``{identifier}`` in it."""

Link = Annotated[str, StringConstraints(pattern=rf"^({PUBLIC_LINK})?$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
Port = Annotated[int, Field(ge=1, le=65535)]

_SECRET_MOST: Final = 16_384
"""Bytes of a file with a secret: a key or a certificate has a few thousand."""


class Secret(Spec):
    """Where a secret is, never the secret: ``{env: NAME}`` or ``{file: path}``.

    Attributes:
        env: Name of the environment variable that holds it.
        file: File that holds it and nothing else; a path without a root starts at the folder of
            the settings. Blanks and line ends around it do not count.
    """

    env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    file: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        """A secret written into the settings is refused before anything repeats it."""
        if not isinstance(value, dict | Secret):
            raise PydanticCustomError("secret_inline", "name where the secret is")
        return value

    @model_validator(mode="after")
    def _one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise PydanticCustomError("secret_one", "give env or file")
        return self

    def read(self, folder: Path, field: str) -> str:
        """The secret itself.

        Args:
            folder: Of the settings.
            field: Name of the setting, for the problem.

        Raises:
            Unavailable: The variable is not set, the file cannot be read, or it is empty.
        """
        if self.env is not None:
            found, where = os.environ.get(self.env, ""), self.env
        else:
            assert self.file is not None
            found, where = _file(folder / self.file, field), self.file.name
        if not (bare := found.strip()):
            raise Unavailable(Problem("channel.secret_missing", {"where": where}, field=field))
        return bare


def _file(path: Path, field: str) -> str:
    try:
        with path.open("rb") as stream:
            return stream.read(_SECRET_MOST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as err:
        why = Problem("channel.secret_missing", {"where": path.name}, field=field)
        raise Unavailable(why) from err


class ChannelSpec(Spec):
    """What every channel's section of ``channels.yaml`` may hold.

    Attributes:
        kind: Name of the module that speaks.
        batch: Parcels handed over at once: the most that a kill of the job can make it repeat.
        timeout_s: Seconds for one step: to connect, or until an answer is whole.
        total_s: Seconds for a whole batch. What has no answer by then has failed.
    """

    kind: str
    batch: Annotated[int, Field(ge=1, le=1000)] = 50
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    total_s: Annotated[float, Field(gt=0, le=600)] = 60.0


@dataclass(frozen=True, slots=True)
class Home:
    """What a channel is told besides its settings.

    Attributes:
        name: Of the channel in the outbox and in subscriptions.
        folder: Of the settings: paths without a root start there.
        link: Where a message can be read, with ``{identifier}`` in it; "" where nowhere.
    """

    name: str
    folder: Path = Path()
    link: str = ""

    def link_to(self, identifier: str) -> str:
        """Address of a message, "" where messages have none."""
        return self.link.replace("{identifier}", identifier)


def trust(ca: Path | None, home: Home) -> ssl.SSLContext:
    """Whose certificates are believed.

    Args:
        ca: File in PEM form, added to the machine's own list; None adds nothing.
        home: Where paths without a root start.

    Raises:
        Unavailable: The file cannot be read.
    """
    found = ssl.create_default_context()
    if ca is not None:
        try:
            found.load_verify_locations(home.folder / ca)
        except (OSError, ssl.SSLError) as err:
            problem = Problem("channel.bad_ca", {"where": ca.name}, field="ca")
            raise Unavailable(problem) from err
    return found


Tls = Literal["off", "starttls", "implicit"]

_SAFE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def safe(key: str) -> str:
    """A key as every protocol carries it: itself where it has only letters, digits, ``.-_``.

    Args:
        key: Of a parcel.

    Returns:
        The same for the same key, always; of another key the content id.
    """
    return key if _SAFE.fullmatch(key) else content_id("key", key)
