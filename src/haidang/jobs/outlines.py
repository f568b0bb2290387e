"""Outlines that a user brings: checked, written beside nothing of the package, used ever after."""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime
from pathlib import Path

import shapely

from haidang.base.errors import BadData
from haidang.base.place import KINDS
from haidang.base.problem import Problem
from haidang.pack.load import home
from haidang.pack.places import import_outlines
from haidang.pack.schema import Country


def import_file(
    file: Path, country: Country, kind: str, code_property: str, today: date | None = None
) -> tuple[int, Path, tuple[Problem, ...]]:
    """Check a user's outlines and keep the good ones.

    Args:
        file: GeoJSON in WGS 84.
        country: Whose places they are.
        kind: ``commune`` or ``province``.
        code_property: Property that holds the code.
        today: Codes are checked against the places of this day.

    Returns:
        How many are kept, in which file, and every feature that was left out or mended.

    Raises:
        BadData: The file is no GeoJSON, the kind is unknown, or no feature could be kept.
    """
    known_kind = next((k for k in KINDS if k == kind), None)
    if known_kind is None:
        raise BadData(Problem("cli.bad_kind", {"value": kind, "known": ", ".join(KINDS)}))
    day = today or datetime.now(UTC).date()
    codes = {p.code for p in country.places.gazetteer.at(day, known_kind)}
    bounds = shapely.union_all(list(country.places.outlines_on("province", day).values())).bounds
    found, problems = import_outlines(file, codes, code_property, bounds)
    if not found:
        raise BadData(*problems, Problem("place.nothing_kept", {}, file=file.name))
    path = home() / "places" / country.id / f"outlines_{kind}.geojson"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    features = [
        {
            "type": "Feature",
            "properties": {"code": code},
            "geometry": json.loads(shapely.to_geojson(outline)),
        }
        for code, outline in found.items()
    ]
    head = {"type": "FeatureCollection", "kind": kind, "valid_from": _since(country, kind, day)}
    part.write_text(json.dumps({**head, "features": features}, ensure_ascii=False), "utf-8")
    os.replace(part, path)
    return len(found), path, problems


def _since(country: Country, kind: str, day: date) -> str:
    """First day on which all places of this kind stand as they do on a day."""
    starts = [p.valid_from for p in country.places.gazetteer.at(day) if p.kind == kind]
    return max(starts, default=day).isoformat()
