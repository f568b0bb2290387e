"""Real seasons at the level of watching: every vintage as it came, the state of its newest week."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import haidang
from haidang.data.observations import Observation, Observations, day_of, vintages
from haidang.edge.feeds.reports import read_reports
from haidang.pack.load import load_threat, read_yaml
from haidang.watch.counts import filled, signals
from haidang.watch.detect import detect
from haidang.watch.signal import Signal

SEASONS = sorted((Path(haidang.__file__).parent / "threats").glob("*/golden/*/signals.yaml"))


def seen(path: Path) -> tuple[dict[date, tuple[Signal, ...]], Observations]:
    """Signals of each vintage by the day on which it was published, and all reports."""
    told = read_yaml(path)
    threat, _ = load_threat(path.parents[2])
    spec = threat.counts.indicators[told["indicator"]]
    zone = ZoneInfo(told["zone"])
    file = path.parent / "counts.csv"
    read = read_reports(file, "x/y", spec.unit["en"], spec.period, [told["place"]], zone)
    assert read.problems == ()
    rows: list[Observation] = []
    out = {}
    for number, (at, reports) in enumerate(vintages(read.reports), 1):
        assert at is not None
        rows += [
            Observation(r.series, r.place, r.start, r.value, r.unit, "", at, at, number, "")
            for r in reports
        ]
        known = Observations(tuple(rows))
        found = detect(
            known.table(zone), spec.method, period=spec.period, places=[told["place"]], last=4,
            **dict(spec.params),
        )  # fmt: skip
        of = signals(found, known, told["indicator"], threat.counts, at, zone)
        out[at.astimezone(zone).date()] = of[told["place"]]
    return out, Observations(tuple(rows))


@pytest.mark.parametrize("path", SEASONS, ids=lambda p: f"{p.parents[2].name}-{p.parent.name}")
def test_a_season_gives_the_signals_that_it_gave(path: Path) -> None:
    told = read_yaml(path)
    zone = ZoneInfo(told["zone"])
    by_day, known = seen(path)
    assert len(told["expect"]) >= 5
    for row in told["expect"]:
        of = {day_of(s.start, zone): s for s in by_day[row["published"]]}
        newest = of[row["week"]]
        assert newest.state.value == row["state"], row
        assert newest.completeness > 0.9
    # Revisions were real: what was first said was on average not all, and it is learned.
    learned = filled(known, "week", zone)
    assert len(learned.delays) >= 2
    assert 0.9 < learned.share[0] <= 1.0


def test_a_later_vintage_changes_no_earlier_signal() -> None:
    """The signals of a day are computed from what was published by then; nothing else is given."""
    (path,) = [p for p in SEASONS if p.parents[2].name == "influenza_like_illness"]
    by_day, known = seen(path)
    day = sorted(by_day)[10]
    early = Observations(tuple(r for r in known.rows if r.receipt <= 11))
    assert early.newest == known.known_at(11).newest
    assert all(s.start.date() < day for s in by_day[day])
