"""Our answers beside those of a reference program: which options made which file, and by how much
the two differ. Run as a program it writes ``docs/reference/parity.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from haidang.watch.calendar import Calendar
from haidang.watch.detectors import METHODS
from haidang.watch.method import Found, Task

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "parity.md"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "reference" / "surveillance"
REAL = ("salmonella_agona", "measlesDE", "hepatitisA", "salmAllOnset")
COLUMNS = {
    "upperbound": "upper",
    "alarm": "alarm",
    "score": "score",
    "pvalue": "p_value",
    "expected": "expected",
    "phiVector": "phi",
    "trendVector": "trend",
}

NOUFAILY: dict[str, Any] = {"compat": "surveillance", "years_back": None}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "earsC_C1": ("ears_c1", {}),
    "earsC_C1_minSigma1": ("ears_c1", {"min_sigma": 1.0}),
    "earsC_C2": ("ears_c2", {}),
    "earsC_C2_baseline28": ("ears_c2", {"baseline": 28}),
    "earsC_C3": ("ears_c3", {"compat": "surveillance"}),
    "farrington_original": ("farrington", NOUFAILY),
    "farringtonFlexible_noufaily_delta": ("farrington_flexible", NOUFAILY | {"threshold": "delta"}),
    "farringtonFlexible_noufaily_nbPlugin": ("farrington_flexible", NOUFAILY),
    "farringtonFlexible_noufaily_muan": ("farrington_flexible", NOUFAILY | {"threshold": "muan"}),
    "farringtonFlexible_original": (
        "farrington_flexible",
        NOUFAILY
        | {
            "threshold": "delta", "weights_threshold": 1.0, "alpha": 0.01, "p_trend": 0.05,
            "n_seasons": 1, "exclude_recent": 3,
        },
    ),
}  # fmt: skip
CASES |= {
    "bayes_b0w6": ("bayes", {}),
    "bayes_b2w4": ("bayes", {"years_back": 2, "half_window": 4}),
    "rki_b2w4": ("rki", {}),
    "cusum_rossi": ("cusum", {}),
    "cusum_standard": ("cusum", {"trans": "standard"}),
    "cusum_glm": ("cusum", {"m": "glm"}),
    "glrpois_intercept": ("glr_poisson", {}),
    "glrnb_intercept": ("glr_negbin", {}),
    "glrnb_theta2_cases": (
        "glr_negbin",
        {"theta": float(np.log(2)), "trend": False, "ret": "cases"},
    ),
    "outbreakP_k100": ("outbreakp", {"ret": "value", "compat": "surveillance"}),
}
LOG15 = float(np.log(1.5))
FLAT = {"trend": False}
COMPAT = {"compat": "surveillance"}
CASES |= {
    "cusum_anscombe": ("cusum", {"trans": "anscombe"}),
    "cusum_anscombe2nd": ("cusum", {"trans": "anscombe_2nd", **COMPAT}),
    "cusum_pearsonNegBin": ("cusum", {"trans": "pearson_negbin", "alpha": 0.2}),
    "cusum_anscombeNegBin": ("cusum", {"trans": "anscombe_negbin", "alpha": 0.2, **COMPAT}),
    "cusum_none": ("cusum", {"trans": "none", "k": 8.0, "h": 20.0, **COMPAT}),
    "cusum_anscombe_glm": ("cusum", {"trans": "anscombe", "m": "glm", "k": 0.8, "h": 3.0}),
    "glrpois_theta": ("glr_poisson", {"theta": LOG15, "c_arl": 4.0}),
    "glrpois_theta_cases": ("glr_poisson", {"theta": LOG15, "c_arl": 4.0, "ret": "cases"}),
    "glrpois_dec": ("glr_poisson", {"dir": "dec", "c_arl": 3.0, **COMPAT}),
    "glrpois_window": ("glr_poisson", {"m_tilde": 2, "m": 8, "c_arl": 3.0, **COMPAT}),
    "glrpois_season2": ("glr_poisson", {"harmonics": 2, **FLAT}),
    "glrpois_flat": ("glr_poisson", {"harmonics": 0, **FLAT}),
    "glrpois_cases": ("glr_poisson", {"ret": "cases"}),
    "glrpois_epi": ("glr_poisson", {"change": "epi", **COMPAT}),
    "glrnb_tight": ("glr_negbin", {}),
    "glrnb_theta": ("glr_negbin", {"theta": LOG15, "c_arl": 3.0, "alpha": 0.2}),
    "glrnb_alpha": ("glr_negbin", {"c_arl": 3.0, "alpha": 0.2}),
    "glrnb_alpha_own": ("glr_negbin", {"c_arl": 3.0, "alpha": 0.2}),
    "glrnb_dec": ("glr_negbin", {"dir": "dec", "c_arl": 2.0, "alpha": 0.2, **COMPAT}),
    "glrnb_window": ("glr_negbin", {"m_tilde": 2, "m": 8, "c_arl": 2.0, "alpha": 0.2, **COMPAT}),
    "glrnb_epi": ("glr_negbin", {"change": "epi", "c_arl": 3.0, "alpha": 0.2, **COMPAT}),
    "glrnb_season2": ("glr_negbin", {"harmonics": 2, "alpha": 0.2, **FLAT}),
}
"""File of the reference: our method and its parameters; ``years_back`` None is the series' own."""


@dataclass(frozen=True)
class Group:
    """Series that are judged together, their calendar, and which rows were."""

    name: str
    counts: np.ndarray
    calendar: Calendar
    at: np.ndarray
    years_back: int


@cache
def simulated() -> Group:
    table = pd.read_csv(GOLDEN / "counts.csv").set_index("t")
    counts = np.ascontiguousarray(table.to_numpy(np.float64).T)
    calendar = Calendar("week", "rows", counts.shape[1])
    return Group("20 simulated series", counts, calendar, np.arange(416, 520), 5)


def real(name: str, folder: Path) -> Group:
    meta = pd.read_csv(folder / "series_meta.csv").set_index("series").loc[name]
    table = pd.read_csv(folder / f"{name}_counts.csv")
    first = date.fromisoformat(table["epoch"].iloc[0]) if meta["epochAsDate"] else None
    calendar = Calendar("week", "calendar" if first else "rows", len(table), first)
    begin = int(meta["first_t"]) - 1
    at = np.arange(begin, begin + int(meta["k"]))
    counts = table["observed"].to_numpy(np.float64)[None].copy()
    return Group(name, counts, calendar, at, int(meta["b"]))


def ours(tag: str, group: Group, **more: Any) -> Found:
    name, given = CASES[tag]
    params = {k: group.years_back if v is None else v for k, v in (given | more).items()}
    method = METHODS[name]
    calendar = group.calendar
    if method.year == "rows":  # as hd.detect does where nothing is said
        calendar = Calendar(calendar.step, "rows", calendar.rows)
    chosen, wrong = method.settle(params, calendar)
    assert not wrong, wrong
    return method.kernel(Task(group.counts, group.at, calendar), chosen)


def reference(tag: str, group: Group, folder: Path) -> pd.DataFrame | None:
    file = GOLDEN / f"{tag}.csv" if group is simulated() else folder / f"{group.name}_{tag}.csv"
    return pd.read_csv(file) if file.is_file() else None


def column(found: Found, name: str) -> np.ndarray:
    value = found.extra[name] if name in found.extra else getattr(found, name)
    return np.asarray(value, np.float64)


def differences(tag: str, group: Group, folder: Path = GOLDEN) -> dict[str, float]:
    """Largest relative difference in each column; infinite where only one side is missing.

    An alarm that the reference leaves open, because its bound is missing, is not compared.
    """
    theirs = reference(tag, group, folder)
    if theirs is None:
        return {}
    found = ours(tag, group)
    out = {}
    for their_name, our_name in COLUMNS.items():
        if their_name not in theirs:
            continue
        a = column(found, our_name)
        b = theirs[their_name].to_numpy(np.float64).reshape(a.shape)
        if their_name == "alarm":
            a, b = a[~np.isnan(b)], b[~np.isnan(b)]
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore", divide="ignore"):
            off = np.where(same, 0.0, np.abs(a - b) / np.abs(b))
        out[our_name] = float(np.nan_to_num(off, nan=np.inf).max(initial=0.0))
    return out


APART = ("glrpois_epi", "glrnb_epi", "cusum_anscombeNegBin")
"""Where the reference is not near its own optimum; the tests say what is compared instead."""


def rows(group: Group, folder: Path = GOLDEN) -> Iterator[str]:
    for tag, (name, _) in CASES.items():
        if tag in APART:
            continue
        found = differences(tag, group, folder)
        if found:
            cells = (said(found[c]) if c in found else "" for c in COLUMNS.values())
            yield f"| {group.name} | `{name}` | {tag} | {' | '.join(cells)} |"


def decisions(group: Group) -> Iterator[str]:
    """How often the default decides otherwise than the reference's way."""
    for tag, (name, given) in CASES.items():
        if "compat" not in given or tag in APART:
            continue
        flawed, right = (ours(tag, group, compat=c).alarm for c in ("surveillance", ""))
        counted = (right.size, flawed.sum(), right.sum(), (flawed != right).sum())
        cells = " | ".join(f"{n:,}" for n in counted)
        yield f"| {group.name} | `{name}` | {tag} | {cells} |"


def said(value: float) -> str:
    """Rounded up to a power of ten, and no finer than another processor's rounding."""
    if value == 0:
        return "0"
    return "1e-10" if value < 1e-10 else f"1e{int(np.ceil(np.log10(value))):+03d}"


def main() -> None:
    text = PAGE.read_text("utf-8")
    head, _, _ = text.partition("| Series |")
    lines = ["| Series | Method | File of the reference | " + " | ".join(COLUMNS.values()) + " |"]
    lines.append("|" + "---|" * (3 + len(COLUMNS)))
    lines += rows(simulated())
    for name in REAL:
        lines += rows(real(name, SHARED), SHARED)
    lines += [
        "",
        "## How often the default decides otherwise",
        "",
        "The same series with and without `compat`: series-weeks judged, alarms with, alarms "
        "without, and weeks in which the two differ.",
        "",
        "| Series | Method | File of the reference | weeks | with | without | differ |",
        "|---|---|---|---|---|---|---|",
        *decisions(simulated()),
    ]
    PAGE.write_text(head + "\n".join(lines) + "\n", "utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
