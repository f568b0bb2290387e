"""How long the watch page takes: ``PYTHONPATH=src:tests python -m web.time_watch``.

Two invented nations by week, six years, the newest weeks late: 63 places by four indicators, and
3,321 places by one. The store is left out: what a desk reads depends on the disk under it.
"""

from __future__ import annotations

import gzip
import time

from haidang.web.console import Clock, DeskBar, Frame, nav, render
from haidang.web.pages import watch, watch_data, watch_parts
from haidang.web.speak import Speaker
from haidang.web.watching import Watching
from web import counted

WEEKS = 52 * 6


def nation(places: int, indicators: int) -> Watching:
    """What was known of it; the reports are made before the clock starts."""
    names = [f"i{k}" for k in range(indicators)]
    of = counted.context({n: counted.indicator(n) for n in names}, places)
    rows = tuple(
        row
        for k, n in enumerate(names)
        for row in counted.reports(n, of.areas.codes, counted.counts(places, WEEKS, k), late=16)
    )
    begun = time.perf_counter()
    known = counted.watched(of, rows)
    print(f"{places} x {indicators}: {len(rows):,} reports; judged in {_since(begun)}")
    return counted.view(known)


def page(view: Watching, **asked: object) -> str:
    """The page as HTML, with what stands around it."""
    say = Speaker("vi", counted.toy().zone, "watch_page")
    frame = Speaker("vi", counted.toy().zone, "console")
    clock = Clock("", "", "", "")
    bar = DeskBar("desk", "Desk", "", "", clock, "/levels.css", counted=True)
    context = watch.build(view, say, watch_parts.Asked(**asked))  # type: ignore[arg-type]
    links = nav(frame, bar, "watch")
    return render("watch.html", Frame(frame, "watch", desk=bar, nav=links), context, say)


def _since(begun: float) -> str:
    return f"{1000 * (time.perf_counter() - begun):,.0f} ms"


def main() -> None:
    """Print what was measured."""
    page(nation(4, 1))  # kernels are compiled, templates are read
    for places, indicators in ((63, 4), (3321, 1)):
        view = nation(places, indicators)
        for what in ("cold", "warm", "warm again"):
            begun = time.perf_counter()
            text = page(view)
            took = _since(begun)
            sent = len(gzip.compress(text.encode()))
            print(f"  page, {what}: {took}; {len(text):,} characters, {sent / 1000:.0f} kB sent")
        begun = time.perf_counter()
        text = page(view, whole=True)
        print(f"  whole list: {_since(begun)}; {len(gzip.compress(text.encode())) / 1000:.0f} kB")
        begun = time.perf_counter()
        watch_data.listed(view, Speaker("vi", counted.toy().zone, "watch_page"))
        print(f"  CSV of the list: {_since(begun)}")


if __name__ == "__main__":
    main()
