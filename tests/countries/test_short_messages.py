"""Every pack's notices as short messages: level, place and what to do first are never lost."""

from __future__ import annotations

import re
from datetime import date
from functools import cache

import pytest

from haidang.edge.channels import print as paper
from haidang.edge.channels.parts.spec import Home
from haidang.pack.load import load_country, roots
from haidang.warn.message import FACTS, prefix, render
from haidang.warn.readability import sentences
from haidang.warn.short import cell, plain, segments, septets, texted
from haidang.warn.spec import MessageSpec
from parcels import message, pages, parcel

DAY = date(2026, 6, 1)
WIDE = {
    "vi": {
        "event_name": "Áp thấp nhiệt đới số 12",
        "reading": "1.234 mm trong 24 giờ", "where": "Lệ Thủy (sông Kiến Giang)",
        "when": "từ 22:00 ngày 22/12", "how_known": "dự báo; trên báo động 3: 1,2 m",
        "indicator": "mực nước cao nhất", "count": "12.345", "counted": "ca mắc mới",
        "period": "tuần 23 năm 2026 (01/06–07/06)", "mean": "1.234", "bound": "2.345",
    },
    "en": {
        "event_name": "Depression No. 12",
        "reading": "1,234 mm in 24 h", "where": "Lệ Thủy (Kiến Giang river)",
        "when": "from 22:00 on 22 Dec", "how_known": "forecast",
        "indicator": "highest water level", "count": "12,345", "counted": "new cases",
        "period": "week 23 of 2026 (1–7 Jun)", "mean": "1,234", "bound": "2,345",
    },
}  # fmt: skip


@cache
def country():
    found = roots()
    return load_country(found.country(), found.threats)


@cache
def longest_places(pack, language):
    """The longest name of each kind of area that the pack warns for."""
    kinds = {rule.kind for rule in country().packs[pack].binding.areas}
    found = []
    for kind in sorted(kinds):
        names = [p.name(language) for p in country().places.gazetteer.at(DAY, kind)]
        found += sorted(names, key=len)[-1:]
    return found


def notices():
    for pack in sorted(country().packs):
        for language, levels in sorted(country().packs[pack].messages.items()):
            for level in sorted(levels):
                yield pack, language, level


def texts(pack, language, level, status):
    """The notice in each phase, for a town and for the sea, with the longest names."""
    one = country().packs[pack]
    spec: MessageSpec = one.messages[language][level]
    scale = country().scales[one.binding.scale or country().spec.scale]
    names = [r.names.say(language) for r in scale.ranks if r.rank == level]
    wide = dict.fromkeys(FACTS, "22:00 22/12") | WIDE[language]
    wide |= {"force": "17", "level": str(level), "level_name": (names or [""])[0]}
    for place in longest_places(pack, language):
        said = wide | {"place": place, "exercise": prefix(status, language)}
        fits = (spec, spec.fitting(begun=True), spec.fitting(sea=True))
        for fit in {f.instruction: f for f in fits}.values():
            yield place, render(fit, language, said)


@pytest.mark.parametrize("status", ["Actual", "Exercise"])
def test_every_notice_of_every_pack_is_a_short_message(status):
    seen = singles = 0
    for pack, language, level in notices():
        for place, text in texts(pack, language, level, status):
            where = pack, language, level, place
            found = texted(text, places=[place], level=level)
            seen, singles = seen + 1, singles + (found.parts == 1)
            assert found.parts <= 2, (where, found)
            assert found.parts == len(segments(found.text)), where
            assert septets(found.text) == found.length <= found.limit, where
            assert plain(place) in found.text, (where, found.text)
            if level and re.search(rf"\b{level}\b", text.headline):
                assert re.search(rf"\b{level}\b", found.text), (where, found.text)
            first = " ".join(plain(sentences(text.instruction)[0]).split())
            assert first in found.text, (where, found.text)
            assert found.text.count("?") == plain(text.headline + first).count("?"), where
            if status != "Actual":
                assert found.text.startswith(plain(prefix(status, language))), where
    assert seen > 200
    assert singles > seen / 2


def test_every_notice_of_every_pack_is_a_cell_broadcast_and_a_message_with_its_own_letters():
    for pack, language, level in notices():
        for place, text in texts(pack, language, level, "Exercise"):
            broadcast = cell(text)
            assert broadcast.fits, (pack, language, level)
            assert place in broadcast.text
            assert broadcast.left_out == 0 or len(broadcast.text) > 300
            own = texted(text, places=[place], level=level, own_letters=True, most=4)
            assert own.parts <= 4, (pack, language, level, own)
            assert place in own.text
            assert " ".join(sentences(text.instruction)[0].split()) in own.text


def test_the_longest_notice_of_all_is_one_page_on_paper(tmp_path):
    longest = max(notices(), key=lambda n: len(str(country().packs[n[0]].messages[n[1]][n[2]])))
    pack, _, level = longest
    both = [
        max(texts(pack, language, level, "Exercise"), key=lambda found: len(found[1].instruction))
        for language in ("vi", "en")
    ]
    of = message(status="Exercise", level=level, place=both[0][0], texts=(both[0][1], both[1][1]))
    board = paper.open(paper.Spec(folder=tmp_path, country=country().id), Home("board"))
    assert pages(board.page(parcel(of=of))) == 1
