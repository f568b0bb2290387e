"""CAP: notices as the rest of the world writes and reads them.

The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010), and its forerunners 1.0 and 1.1.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from haidang.warn.cap.finding import Finding
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
from haidang.warn.cap.outline import warm
from haidang.warn.cap.problems import RING_MIN, VERTICES_MAX, build, own_problems, problems
from haidang.warn.cap.profile import Profile, named, profiles, read_profile
from haidang.warn.cap.read import parse
from haidang.warn.cap.register import Register
from haidang.warn.cap.report import Report, receive, validate
from haidang.warn.cap.seal import Seal

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
    "Finding",
    "Info",
    "Kind",
    "Pairs",
    "Profile",
    "Reference",
    "Register",
    "Report",
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
    "named",
    "own_problems",
    "parse",
    "problems",
    "profiles",
    "read_profile",
    "receive",
    "sign",
    "unwrap",
    "validate",
    "verify",
    "warm",
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
