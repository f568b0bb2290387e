"""An archive of what others warned of while the storm came: all of it is invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.store.messages import cap, ref
from haidang.base.problem import Problem
from haidang.edge.feeds.cap_in import Item
from haidang.edge.feeds.cap_settings import FeedSpec
from haidang.edge.store import Store
from haidang.edge.store.world import Health
from haidang.jobs.world_places import index_of
from haidang.jobs.world_read import open_entry
from haidang.pack.load import load_country, roots

SEEN = datetime(2024, 9, 6, 12, 30, tzinfo=UTC)
AT = "2024-09-06T19:30%2B07:00"

GULF = "18.0,105.5 18.0,110.5 21.9,110.5 21.9,106.5 20.2,105.6 18.0,105.5"
BORDER = "21.6,106.6 22.4,106.6 22.9,105.4 22.2,104.6 21.6,105.6 21.6,106.6"
SOUTH = "9.6,103.6 10.9,104.3 10.9,105.3 9.9,105.4 9.6,103.6"


def archive(out: Path) -> None:
    """Fill the archive beside the desks."""
    known = roots()
    country = load_country(known.country("vn"), known.threats)
    index, _ = index_of(country, datetime.now(UTC).date())
    first = SEEN - timedelta(hours=9)
    name = "2.49.0.1.999.2024.{}".format
    marine = "marine@met-north.example"
    bodies = {
        "north-coast": (
            cap(name(1), sender=marine, sent=first, polygon=GULF, event="Typhoon", hours=24,
                severity="Severe", headline="Typhoon over the gulf within a day"),
            cap(name(2), sender=marine, sent=SEEN - timedelta(hours=2), polygon=GULF, hours=24,
                kind="Update", references=[ref(name(1), first, marine)], event="Typhoon",
                severity="Extreme", headline="Typhoon: hurricane-force winds over the gulf"),
        ),
        "border-hills": (
            cap(name(3), sender="hydro@hills.example", sent=SEEN - timedelta(hours=1), hours=36,
                polygon=BORDER, event="Flash flood", severity="Moderate",
                headline="Flash floods likely along the border"),
            cap(name(4), sender="hydro@hills.example", sent=SEEN - timedelta(hours=5), hours=3,
                area="<circle>22.4,104.2 40</circle>", event="Landslide", severity="Minor",
                headline="Slopes are wet"),
        ),
        "south-gulf": (
            cap(name(5), sender="met@south.example", sent=SEEN - timedelta(hours=3), hours=18,
                polygon=SOUTH, event="Thunderstorm", severity="Minor", languages=("fr", "en"),
                headline="Squalls over the gulf"),
        ),
    }  # fmt: skip
    with Store.open(out / "world.db") as store:
        for feed, messages in bodies.items():
            spec = FeedSpec(id=feed, url=f"https://{feed}.example/cap")
            for n, data in enumerate(messages):
                at = SEEN - timedelta(minutes=20)
                made = open_entry(data, Item(f"{feed}{n}", str(n), spec.url), spec, index, (), at)
                assert made.arrivals, made.problems
                store.keep_world(made.arrivals)
            soon = SEEN + timedelta(minutes=5)
            health = Health(feed=feed, polled=SEEN, heard=SEEN, news=SEEN, next=soon, params={})
            store.world_polled(health)
        silent = Health(feed="islands", polled=SEEN, heard=SEEN - timedelta(hours=30), failures=7,
                        next=SEEN + timedelta(hours=3), code="world.timeout",
                        params={"seconds": 5})  # fmt: skip
        said = {"since": "2024-09-05T06:30+00:00", "failures": 7}
        url = "https://islands.example/cap"
        store.world_polled(silent, [Problem("world.silent", said, url, severity="warning")])
