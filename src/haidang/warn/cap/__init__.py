"""CAP: notices as the rest of the world writes and reads them.

The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010), and its forerunners 1.0 and 1.1.
"""

from __future__ import annotations

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
from haidang.warn.cap.write import build

__all__ = [
    "DEFAULT_LANGUAGE",
    "NAMESPACE",
    "RING_MIN",
    "VERTICES_MAX",
    "Alert",
    "AreaBlock",
    "Certainty",
    "Circle",
    "Info",
    "Kind",
    "Pairs",
    "Reference",
    "Resource",
    "Ring",
    "Scope",
    "Urgency",
    "Version",
    "build",
    "own_problems",
    "parse",
    "problems",
]
