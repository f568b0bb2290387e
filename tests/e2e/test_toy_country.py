"""The whole chain for a country that does not exist: nothing in the code belongs to the first one.

The threat is the real one, with its real settings; country, law, places, words and event are
invented. Levels are decided in km/h, notices speak English and French.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import pytest

from haidang.edge.store import Store
from haidang.jobs.replay import Played, play
from haidang.jobs.tables import tables
from haidang.law.evaluate import lookup
from haidang.pack.case import load_case
from haidang.pack.load import roots
from haidang.warn.cap import parse

TOY = Path(__file__).parents[1] / "toy"
CASE = "toy-2030"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    known = roots([TOY])
    return play(load_case(CASE, known), known, tmp_path_factory.mktemp("toy"))


@pytest.fixture(scope="module")
def levels(played):
    return tables(played).levels


def test_it_is_read_without_a_complaint(played):
    assert played.problems == ()
    assert len(played.steps) == 6
    assert played.context.country.spec.languages == ("en", "fr")
    assert set(played.context.named) == {"N", "S", "sea-toy-east"}


def test_every_level_of_its_own_law_appears(levels):
    assert set(levels["level"]) == {0, 1, 2, 3}
    assert set(levels["article"]) == {"3"}
    assert {"3(1)(a)", "3(2)(a)", "3(3)", "3(2)(b)"} <= set(levels["clause"])
    # The law has no third level at sea.
    assert levels.loc[levels["place"] == "sea-toy-east", "level"].max() == 2


def test_the_golden_levels(played, levels):
    found = {(row.bulletin, row.place): row.level for row in levels.itertuples()}
    expected = played.case.spec.expect
    assert len(expected) >= 6
    assert {(e.issued, e.place): found[e.issued, e.place] for e in expected} == {
        (e.issued, e.place): e.level for e in expected
    }


def test_the_law_is_asked_in_kilometres_per_hour(played):
    with Store.open(played.database) as store:
        assessed = [a for a in store.assessments() if a.intensity]
    for found in assessed:
        wind, area = re.fullmatch(r"wind=([\d.]+); area=(\w+)", found.grounds.inputs).groups()
        assert float(wind) == pytest.approx(found.intensity.central * 3.6, rel=1e-5)
        assert area == ("sea" if found.place.startswith("sea") else "land")
        ruling = lookup(played.context.table, wind=float(wind), area=area)
        assert (found.grounds.level, found.grounds.clause) == (ruling.level, ruling.clause)
    # In m/s the strongest of these would be below the lowest level of the act.
    assert max(a.intensity.central for a in assessed) < 60


def test_every_message_speaks_both_languages(played):
    with Store.open(played.database) as store:
        sent = store.messages()
    assert len(sent) >= 9
    for message in sent:
        alert = parse(message.body)
        assert [i.language for i in alert.infos] == ["en-XT", "fr-XT"]
        assert alert.status == "Exercise"
        assert alert.sender.endswith(".invalid")
        assert alert.sent.utcoffset() == timedelta(hours=-2)
        english, french = alert.infos
        assert "EXERCISE" in english.headline
        assert "EXERCICE" in french.headline
        assert "Toyland" in english.headline
        assert "Pays-Jouet" in french.headline
        assert english.areas[0].geocodes[0][0] == "TOY-2020"
        said = f"{french.headline} {french.description} {french.instruction}"
        assert "{" not in said
        assert "disaster risk" not in said
    third = next(parse(m.body) for m in sent if m.level == 3)
    assert "niveau 3 (alarme)" in third.infos[1].headline
    assert "Loi 7 sur les alertes" in third.infos[1].description


def test_every_chain_ends_in_a_cancel(played):
    chains = defaultdict(list)
    with Store.open(played.database) as store:
        assert store.verify() == ()
        assert store.pending() == ()
        for message in store.messages():
            chains[message.chain].append(message)
    assert len(chains) == 3
    for said in chains.values():
        assert said[0].kind == "Alert"
        assert {m.kind for m in said[1:-1]} == {"Update"}
        assert (said[-1].kind, said[-1].level) == ("Cancel", 0)
        for n, message in enumerate(said):
            references = [r.identifier for r in parse(message.body).references]
            assert references == [m.identifier for m in said[:n]]
    assert len(list((played.folder / "cap").glob("*.xml"))) == sum(map(len, chains.values()))


def test_playing_it_again_changes_nothing(played):
    with Store.open(played.database) as store:
        before = store.head()
    known = roots([TOY])
    play(load_case(CASE, known), known, played.folder)
    with Store.open(played.database) as store:
        assert store.head() == before
