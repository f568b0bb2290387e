"""From any id up and down the chain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.store.samples import ANNA, BERT, T0, build, deliver, run
from haidang.app.verdict import Draft
from haidang.base.errors import BadData, NotFound
from haidang.edge.store import Step, Store

WHOLE = [
    "receipt",
    "fix",
    "fix",
    "run",
    "assessment",
    "decision",
    "draft",
    "draft_event",
    "draft_event",
    "draft_event",
    "message",
    "outbox",
    "attempt",
    "attempt",
]


@pytest.fixture
def sent(waiting: Store) -> Iterator[Store]:
    draft = waiting.pending()[0]
    waiting.sign(draft.id, ANNA, "officer", T0)
    waiting.approve(draft.id, BERT, "head", T0, build, ["feed"])
    key = waiting.outbox_due(1)[0][0]
    waiting.attempted(key, False, "no line")
    waiting.attempted(key, True)
    deliver(waiting, 1)
    run(waiting, 1)
    return waiting


@pytest.fixture
def draft(sent: Store) -> Draft:
    return sent.draft(sent.messages()[0].draft)


def stages(steps: list[Step]) -> list[str]:
    return [step.stage for step in steps]


def test_one_chain_from_the_bulletin_to_the_last_attempt(sent: Store, draft: Draft) -> None:
    message = sent.messages()[0]
    decision = next(d for d in sent.decisions() if d.id == draft.decision)
    whole = sent.explain(draft.id)
    assert stages(whole) == WHOLE
    assert [s.id for s in whole if s.stage == "receipt"] == ["bulletin-0"]
    assert [s.id for s in whole if s.stage == "fix"] == ["1/1", "1/2"]
    acts = [s.facts["action"] for s in whole if s.stage == "draft_event"]
    assert acts == ["drafted", "signed", "approved"]
    assert [s.facts["ok"] for s in whole if s.stage == "attempt"] == [False, True]
    judged = next(s for s in whole if s.stage == "assessment")
    assert judged.facts["body"]["grounds"]["article"] == "42"
    key = next(s.id for s in whole if s.stage == "outbox")
    for name in (message.identifier, decision.id, decision.assessment, key, draft.id[:13]):
        assert sent.explain(name) == whole, name


def test_a_chain_shows_all_its_drafts(sent: Store, draft: Draft) -> None:
    steps = sent.explain(draft.chain)
    versions = [s.facts["version"] for s in steps if s.stage == "draft"]
    assert versions == [1, 2]
    assert stages(steps).count("receipt") == 2


def test_a_run_and_a_delivery_show_what_came_of_them(sent: Store) -> None:
    verdict = next(s for s in sent.explain("bulletin-0") if s.stage == "run").id
    assert stages(sent.explain(verdict)).count("decision") == 3
    assert stages(sent.explain("bulletin-0")).count("decision") == 3
    late = sent.explain("bulletin-1")
    assert {s.id for s in late if s.stage == "receipt"} == {"bulletin-1"}
    assert len({s.id for s in late if s.stage == "run"}) == 1


def test_a_delivery_that_nothing_came_of(sent: Store) -> None:
    deliver(sent, 7)
    assert stages(sent.explain("bulletin-7")) == ["receipt", "fix", "fix"]


def test_ambiguous_and_unknown(sent: Store) -> None:
    with pytest.raises(BadData) as caught:
        sent.explain("bulletin-")
    assert caught.value.problems[0].code == "store.ambiguous"
    for language in ("en", "vi"):
        assert "receipt bulletin-1" in caught.value.say(language)
    for name in ("zzz", "", "%", "bulletin_0"):
        with pytest.raises(NotFound) as missing:
            sent.explain(name)
        assert missing.value.problems[0].code == "store.no_id"
