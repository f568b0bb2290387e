"""CAP: notices as the rest of the world writes and reads them.

The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010), and its forerunners 1.0 and 1.1.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from haidang.warn.cap.model import (
    DEFAULT_LANGUAGE,
    NAMESPACE,
    Alert,
    AreaBlock,
    Certainty,
    Circle,
    Info,
    Kind,
    Pairs,
    Reference,
    Resource,
    Ring,
    Scope,
    Urgency,
    Version,
)
from haidang.warn.cap.problems import RING_MIN, VERTICES_MAX, own_problems, problems
from haidang.warn.cap.read import parse
from haidang.warn.cap.seal import Seal
from haidang.warn.cap.write import build

if TYPE_CHECKING:
    from haidang.warn.cap.edxl import Envelope, TargetArea, envelope, unwrap
    from haidang.warn.cap.signer import sign
    from haidang.warn.cap.verifier import Signed, Signer, verify

__all__ = [
    "DEFAULT_LANGUAGE",
    "NAMESPACE",
    "RING_MIN",
    "VERTICES_MAX",
    "Alert",
    "AreaBlock",
    "Certainty",
    "Circle",
    "Envelope",
    "Info",
    "Kind",
    "Pairs",
    "Reference",
    "Resource",
    "Ring",
    "Scope",
    "Seal",
    "Signed",
    "Signer",
    "TargetArea",
    "Urgency",
    "Version",
    "build",
    "envelope",
    "own_problems",
    "parse",
    "problems",
    "sign",
    "unwrap",
    "verify",
]

_LATER = {
    "Envelope": "edxl",
    "TargetArea": "edxl",
    "envelope": "edxl",
    "unwrap": "edxl",
    "sign": "signer",
    "Signed": "verifier",
    "Signer": "verifier",
    "verify": "verifier",
}


def __getattr__(name: str) -> object:
    # Most who read or build a message never look at a signature, and its libraries are slow.
    if name in _LATER:
        return getattr(importlib.import_module(f"{__name__}.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
