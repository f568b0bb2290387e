"""What ``haidang check`` says of the keys by which packs name one another.

Cycles are allowed in both keys. A landslide may dam a river and so cause a flood that causes a
landslide: a chain is told pair by pair and never walked. And of two that yield to each other only
the strictly lesser does, so neither can silence the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from haidang.base.problem import Problem
from haidang.pack.load import line_of, short
from haidang.pack.schema import BindingSpec, CountrySpec, ThreatSpec

KEYS = ("triggered_by", "yields_to")


def together_problems(
    path: Path, spec: ThreatSpec, known: Mapping[str, object]
) -> Iterator[Problem]:
    """Ids that no pack has, the threat itself, or an id that stands twice.

    Args:
        path: Of ``pack.yaml``.
        spec: What it says.
        known: Every threat that is installed, by id.
    """
    for key in KEYS:
        named: tuple[str, ...] = getattr(spec.warn, key)
        for number, name in enumerate(named):
            where = ("warn", key, number)
            if name == spec.id:
                yield _at(path, "names_itself", where, {"id": name, "key": key})
            elif name not in known:
                said = {"id": name, "key": key, "known": ", ".join(sorted(known))}
                yield _at(path, "names_unknown", where, said)
            elif name in named[:number]:
                yield _at(path, "names_twice", where, {"id": name, "key": key})


def scale_problems(
    country: CountrySpec, bindings: Mapping[str, tuple[BindingSpec, Path, ThreatSpec | None]]
) -> Iterator[Problem]:
    """Yielding that can never happen in a country, for the two count on different scales.

    Args:
        country: Whose bindings.
        bindings: By threat id: the binding, its file, and the threat where it could be read.
    """
    scales = {name: b.scale or country.scale for name, (b, _, _) in bindings.items()}
    for name, (_, path, threat) in sorted(bindings.items()):
        for other in () if threat is None else threat.warn.yields_to:
            if other in scales and scales[other] != scales[name]:
                said = {"id": other, "mine": scales[name], "other": scales[other]}
                row = line_of(path, ("scale",))
                yield Problem("check.yields_scale", said, short(path), row, "scale", "warning")


def _at(
    path: Path, code: str, keys: tuple[str | int, ...], params: Mapping[str, object]
) -> Problem:
    field = ".".join(map(str, keys))
    return Problem(f"check.{code}", params, short(path), line_of(path, keys), field)
