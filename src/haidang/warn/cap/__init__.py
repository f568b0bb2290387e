"""CAP: notices as the rest of the world writes and reads them.

The Common Alerting Protocol 1.2 (OASIS Standard, 1 July 2010), and its forerunners 1.0 and 1.1.
"""

from __future__ import annotations

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
from haidang.warn.cap.report import Report, validate

__all__ = [
    "DEFAULT_LANGUAGE",
    "NAMESPACE",
    "RING_MIN",
    "VERTICES_MAX",
    "Alert",
    "AreaBlock",
    "Certainty",
    "Circle",
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
    "Urgency",
    "Version",
    "build",
    "named",
    "own_problems",
    "parse",
    "problems",
    "profiles",
    "read_profile",
    "validate",
    "warm",
]
