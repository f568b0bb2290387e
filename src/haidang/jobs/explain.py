"""Why this level, and why was I not told? The chain behind an id or a place, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from haidang.app import reading_words
from haidang.app.verdict import Decision, Draft, Message, Whole
from haidang.app.wording import called_in
from haidang.base.errors import NotFound
from haidang.base.problem import Problem
from haidang.edge.store.codec import decode_assessment, decode_draft
from haidang.edge.store.raises import RaiseState
from haidang.edge.store.store import Store
from haidang.edge.store.trace import Step
from haidang.jobs.explain_edits import changed
from haidang.law.evaluate import cite
from haidang.pack.load import read_yaml
from haidang.pack.schema import Country, Pack
from haidang.risk.assessment import Assessment
from haidang.warn.decide import Reason
from haidang.words import catalogue, word

SILENT = {Reason.HELD_NO_DATA, Reason.HOLD_EXPIRED, Reason.BLIND}


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of an explanation.

    Attributes:
        stage: Link of the chain it speaks of.
        id: The link's id.
        at: When, on the country's clock.
        text: In words.
    """

    stage: str
    id: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says things of one country in one language.

    Attributes:
        history: Every decision of the store, run by run: a reason speaks of what went before.
        day: Whose places are named, for a code may be that of another place later; None for the
            newest place of a code.
        raises: Every raise of the store, by id.
    """

    country: Country
    language: str
    history: tuple[Decision, ...]
    day: date | None = None
    raises: Mapping[str, RaiseState] = field(default_factory=dict)

    def say(self, key: str, /, **params: object) -> str:
        """A text of this room."""
        return word(f"explain.{key}", self.language, **params)

    def place(self, code: str) -> str:
        """Name of a place, by code, whatever its kind; the code itself where none has it."""
        named = [p for p in self.country.places.gazetteer if p.code == code]
        if self.day is not None:
            then = [
                p
                for kind in {p.kind for p in named}
                if (p := self.country.places.gazetteer.find(kind, code, self.day)) is not None
            ]
            named = then or named
        return named[-1].name(self.language) if named else code

    def time(self, at: datetime) -> str:
        """An instant on the country's clock, with its offset."""
        aware = at if at.tzinfo else at.replace(tzinfo=UTC)
        local = self.country.local(aware)
        hours = (local.utcoffset() or timedelta(0)) // timedelta(hours=1)
        return f"{local:%d/%m/%Y %H:%M} ({hours:+03d})"

    def reason(self, decision: Decision, found: Assessment) -> str:
        """A decision's reason as a sentence."""
        before = [
            d
            for d in self.history
            if (d.threat, d.event, d.place) == (decision.threat, decision.event, decision.place)
            and d.at <= decision.at
        ]
        confirmed = next((d.at for d in reversed(before) if d.reason not in SILENT), decision.at)
        quieter = decision.at
        for one in reversed(before):
            if one.reason is not Reason.HOLDING:
                break
            quieter = one.at
        pack = self.country.packs.get(decision.threat)
        warn = pack.threat.warn if pack else None
        level = found.grounds.level
        return self.own(
            f"warn.reason_{decision.reason.value}",
            decision.threat,
            place=self.place(decision.place),
            level=decision.after,
            before=decision.before,
            found="?" if level is None else level,
            confirmed=self.time(confirmed),
            quieter=self.time(quieter),
            hold_h="?" if warn is None else f"{warn.hold_h:g}",
            max_hold_h="?" if warn is None else f"{warn.max_hold_h:g}",
        )

    def decided(self, decision: Decision, found: Assessment, *, whole: bool = True) -> str:
        """A decision's reason, and what other hazards at the place have to do with it.

        Args:
            decision: Of one hazard.
            found: What it rests on.
            whole: Whether to say what all hazards of the place are together.
        """
        said = [self.reason(decision, found)]
        if whole and decision.whole is not None:
            said.append(self._whole(decision, decision.whole))
        if decision.yields_to is not None:
            greater = decision.yields_to
            name = self.hazard(f"{greater.threat}/{greater.event}")
            mine = self.hazard(f"{decision.threat}/{decision.event}")
            said.append(self.say("yields", name=mine, greater=name, level=greater.level))
        return " ".join(said)

    def hazard(self, name: str) -> str:
        """What a hazard is called, by ``threat/event``."""
        threat, _, event = name.partition("/")
        pack = self.country.packs.get(threat)
        return name if pack is None else called_in(pack, event, self.language, {})

    def _whole(self, decision: Decision, whole: Whole) -> str:
        levels = {
            f"{d.threat}/{d.event}": d.after
            for d in self.history
            if d.place == decision.place and d.at <= decision.at
        }
        now = ", ".join(
            word("warn.whole_level", self.language, name=self.hazard(n), level=levels.get(n, "?"))
            for n in whole.concurrent
        )
        parts = [word("warn.whole_concurrent", self.language, names=now)]
        parts += [self.say("whole_successive", name=self.hazard(name)) for name in whole.successive]
        parts += [
            word("warn.whole_chain", self.language, cause=self.hazard(a), effect=self.hazard(b))
            for a, b in whole.chains
        ]
        place = self.place(decision.place)
        said = [self.say("whole", place=place, level=decision.combined, what="; ".join(parts))]
        clause = cite(whole.clause, self.language)
        state = self.raises.get(whole.raise_id)
        if state is not None:
            one = state.of_force
            key = "whole_raised_capped" if whole.capped else "whole_raised"
            role = self.country.role(one.role, self.language)
            times = {"at": self.time(one.at), "until": self.time(one.until)}
            said.append(self.say(key, own=whole.own, by=one.by, role=role, clause=clause, **times))
            said.append(self.say("whole_reason", reason=one.reason))
        elif whole.allowed:
            allowed = word("law.or", self.language, first=whole.allowed[0], last=whole.allowed[-1])
            if len(whole.allowed) == 1:
                allowed = str(whole.allowed[0])
            said.append(self.say("whole_allowed", clause=clause, allowed=allowed))
        return " ".join(said)

    def grounds(self, found: Assessment) -> str:
        """What the law says and by how many tracks, in a sentence."""
        grounds = found.grounds
        pack = self.country.packs.get(found.threat)
        if pack is not None and pack.threat.counted:
            return self._counted(found)
        if pack is not None and pack.threat.read:
            return self._read(found, pack)
        if grounds.status != "defined":
            status = self.say("status_" + grounds.status.replace(" ", "_"))
            return self.say("grounds_other", status=status)
        p = dict(found.p_level).get(grounds.level or 0)
        wind = found.intensity
        return self.say(
            "grounds",
            level=grounds.level,
            clause=cite(grounds.clause, self.language),
            act=grounds.decision,
            inputs=grounds.inputs,
            p="?" if p is None else f"{100 * p:.0f}",
            low="?" if wind is None else f"{wind.low:.0f}",
            central="?" if wind is None else f"{wind.central:.0f}",
            high="?" if wind is None else f"{wind.high:.0f}",
        )

    def own(self, key: str, threat: str, /, **params: object) -> str:
        """A text of any room, as a threat of this kind says it where it says it otherwise."""
        pack = self.country.packs.get(threat)
        own = ""
        if pack is not None and not pack.threat.tracked:
            own = "counted" if pack.threat.counted else "readings"
        mine = f"{own}.{key.replace('.', '_', 1)}"
        return word(mine if mine in catalogue() else key, self.language, **params)

    def _read(self, found: Assessment, pack: Pack) -> str:
        """The reading that decides, what the law says of it, and what is not known beside it."""
        grounds, language = found.grounds, self.language
        asked = reading_words.looked_up(grounds.inputs)
        area = self.place(found.place)
        tables = self.country.lawbook.tables
        table = next((t for t in tables if t.id == grounds.table), None)
        said: list[str] = []
        spec = pack.threat.readings.indicators.get(asked.indicator)
        if spec is not None and asked.value is not None and asked.start is not None:
            local = self.country.local(asked.start)
            said.append(
                self.say(
                    "read",
                    indicator=spec.title.get(language, spec.title["en"]),
                    where=reading_words.where(pack.stations, asked.subject, area, language),
                    reading=reading_words.reading(spec, tables, asked.value, language),
                    known=word(f"format.known_{asked.known}", language),
                    when=reading_words.when(local, spec, language),
                )
            )
        if found.intensity is not None:
            said.append(self.say("read_grade", grade=reading_words.grade(found, language)))
        case = "" if table is None else reading_words.asked(table, asked.given, language)
        if grounds.level:
            clause = cite(grounds.clause, language)
            key = "read_level" if grounds.status == "defined" else "read_at_least"
            text = self.say(
                key, level=grounds.level, clause=clause, act=grounds.decision, case=case or "-"
            )  # fmt: skip
        else:
            status = word(f"read.status_{grounds.status.replace(' ', '_')}", language)
            article = cite(grounds.article, language)
            key = "read_other_case" if case else "read_other"
            text = self.say(
                key, article=article, act=grounds.decision, status=status, case=case
            )  # fmt: skip
        said.append(text)
        said += reading_words.beside(grounds, pack.stations, area, language)
        return " ".join(said)

    def _counted(self, found: Assessment) -> str:
        grounds = found.grounds
        inputs = grounds.inputs or "-"
        if grounds.status != "defined":
            status = self.say("status_counts_" + grounds.status.replace(" ", "_"))
            return self.say("grounds_counts_other", status=status, inputs=inputs)
        return self.say(
            "grounds_counts",
            level=grounds.level,
            clause=cite(grounds.clause, self.language),
            act=grounds.decision,
            inputs=inputs,
        )


def places_day(path: Path, country: Country) -> date | None:
    """The day of the places of the case that a store was played for; None for no shipped case."""
    name = path.parent.name.removeprefix("drill-")
    for case in country.folder.glob("threats/*/golden/*/case.yaml"):
        if case.parent.name == name:
            found = read_yaml(case).get("places_on")
            return found if isinstance(found, date) else None
    return None


def databases(under: Path) -> tuple[Path, ...]:
    """Stores of the replays below a folder, newest first."""
    found = under.glob("*/haidang.db")
    return tuple(sorted(found, key=lambda p: p.stat().st_mtime, reverse=True))


def explain(paths: Sequence[Path], name: str, country: Country, language: str) -> tuple[Line, ...]:
    """The chain of one id: deliveries, assessment, decision, draft, approval, message, attempts.

    Args:
        paths: Stores to look in; the first that knows the id answers.
        name: An id or its beginning.
        country: Names places and keeps the clock.
        language: Of the sentences.

    Raises:
        NotFound: No store knows the id, or there is no store.
        BadData: The beginning fits more than one id; they are listed.
    """
    for path in paths:
        with Store.open(path, check=False, create=False) as store:
            try:
                steps = store.explain(name)
            except NotFound:
                continue
            return tuple(_lines(steps, _speaker(store, path, country, language)))
    where = ", ".join(p.parent.name for p in paths) or "-"
    raise NotFound(Problem("explain.no_id", {"id": name, "where": where}))


def explain_place(
    path: Path, place: str, at: datetime, country: Country, language: str
) -> tuple[Line, ...]:
    """What was decided for a place at an instant, why, and what it had been told by then.

    Args:
        path: A store.
        place: Area code.
        at: The instant.
        country: Names places and keeps the clock.
        language: Of the sentences.

    Raises:
        NotFound: Nothing was decided for the place by then.
    """
    with Store.open(path, check=False, create=False) as store:
        speaker = _speaker(store, path, country, language)
        decided = [d for d in speaker.history if d.place == place and d.at <= at]
        if not decided:
            said = {"place": speaker.place(place), "at": speaker.time(at)}
            raise NotFound(Problem("explain.nothing_decided", said))
        # Of every hazard the newest word, the highest level first: each was decided for itself.
        newest = {(d.threat, d.event): d for d in decided}
        ordered = sorted(newest.values(), key=lambda d: (-d.after, d.threat, d.event))
        found = {a.id: a for a in store.assessments()}
        drafts = {d.id: d for d in store.drafts() if d.place == place}
        sent = [m for m in store.messages() if m.draft in drafts and m.sent <= at]
    return tuple(_place_lines(ordered, found, sent, drafts, speaker))


def _speaker(store: Store, path: Path, country: Country, language: str) -> Speaker:
    raises = {state.id: state for state in store.raises()}
    return Speaker(country, language, store.decisions(), places_day(path, country), raises)


def _place_lines(
    ordered: Sequence[Decision],
    found: Mapping[str, Assessment],
    sent: Sequence[Message],
    drafts: Mapping[str, Draft],
    speaker: Speaker,
) -> Iterator[Line]:
    local = speaker.country.local
    for number, one in enumerate(ordered):
        judged = found[one.assessment]
        text = speaker.decided(one, judged, whole=number == 0)
        # With several hazards at a place each sentence says of which it speaks.
        of = f"{speaker.hazard(f'{one.threat}/{one.event}')}: " if len(ordered) > 1 else ""
        yield Line("decision", one.id, local(one.at), f"{of}{text}")
        yield Line("assessment", judged.id, local(judged.at), f"{of}{speaker.grounds(judged)}")
    newest = max(ordered, key=lambda d: d.at)
    if not sent:
        text = speaker.say("not_told", place=speaker.place(newest.place))
        yield Line("message", "", local(newest.at), text)
    for message in _newest_of_each(sent, drafts):
        texts = drafts[message.draft].texts
        text = next((t for t in texts if t.language == speaker.language), texts[0]).headline
        yield Line("message", message.identifier, local(message.sent), text)


def _newest_of_each(sent: Sequence[Message], drafts: Mapping[str, Draft]) -> tuple[Message, ...]:
    """The last three messages, and the last of every hazard, in the order they were sent."""
    last = {(drafts[m.draft].threat, drafts[m.draft].event): m for m in sent}
    shown = {m.identifier for m in (*sent[-3:], *last.values())}
    return tuple(m for m in sent if m.identifier in shown)


def _lines(steps: Sequence[Step], speaker: Speaker) -> Iterator[Line]:
    found = {s.id: decode_assessment(_body(s)) for s in steps if s.stage == "assessment"}
    decisions = {d.id: d for d in speaker.history}
    drafts = {s.id: decode_draft(_body(s)) for s in steps if s.stage == "draft"}
    for step in steps:
        aware = step.at if step.at.tzinfo else step.at.replace(tzinfo=UTC)
        text = _text(step, speaker, found, decisions)
        text += _rewritten(step, drafts, speaker)
        yield Line(step.stage, step.id, speaker.country.local(aware), text)


def _response(step: Step, facts: Mapping[str, object], speaker: Speaker) -> str:
    """A plan, a task, what was done about it, or who sends what to whom."""
    said = dict(facts)
    if step.stage == "plan":
        key = "plan_demo" if facts["demo"] else "plan"
        return speaker.say(key, **said)
    if step.stage == "task_event":
        action = speaker.say(f"task_{facts['action']}")
        role = speaker.country.role(str(facts["role"]), speaker.language)
        return speaker.say("by_person", action=action, role=role, actor=facts["actor"])
    said["place"] = speaker.place(str(facts["place"]))
    if step.stage == "grant":
        kind = speaker.country.kinds.get(str(facts["kind"]))
        said["kind"] = kind.name[speaker.language] if kind else facts["kind"]
        said["origin"] = speaker.place(str(facts["origin"]))
        here = facts["origin"] == facts["place"]
        if facts["standby"]:
            return speaker.say("grant_here_standby" if here else "grant_standby", **said)
        return speaker.say("grant_here" if here else "grant", **said)
    work = cast(Mapping[str, str], facts["work"])
    said["work"] = work.get(speaker.language) or next(iter(work.values()), facts["spec"])
    for name in ("person", "authority"):
        said[name] = speaker.country.role(str(facts[name]), speaker.language)
    return speaker.say("task_no_time" if facts["due"] is None else "task", **said)


def _rewritten(step: Step, drafts: Mapping[str, Draft], speaker: Speaker) -> str:
    """What a person changed of the words, behind the line that says that they did."""
    if step.stage != "draft_event" or step.facts["action"] != "edited":
        return ""
    before, after = (drafts.get(str(step.facts[name])) for name in ("note", "draft"))
    if before is None or after is None:
        return ""
    said = changed(before, after, speaker.language)
    return f" {said}" if said else ""


def _body(step: Step) -> Mapping[str, Any]:
    return cast(Mapping[str, Any], step.facts["body"])


def _text(
    step: Step,
    speaker: Speaker,
    found: Mapping[str, Assessment],
    decisions: Mapping[str, Decision],
) -> str:
    facts = {k: speaker.time(v) if isinstance(v, datetime) else v for k, v in step.facts.items()}
    if step.stage in ("plan", "task", "task_event", "grant"):
        return _response(step, facts, speaker)
    if step.stage == "assessment":
        return speaker.grounds(found[step.id])
    if step.stage == "decision":
        decision = decisions[step.id]
        return speaker.decided(decision, found[decision.assessment])
    if step.stage == "draft":
        draft = decode_draft(_body(step))
        texts = draft.texts
        text = next((t for t in texts if t.language == speaker.language), texts[0])
        occasion = speaker.own(f"explain.occasion_{draft.occasion.value}", draft.threat)
        return speaker.say(
            "draft", version=draft.version, occasion=occasion, headline=text.headline
        )
    if step.stage == "draft_event":
        action = speaker.say(f"action_{facts['action']}")
        if not facts["actor"]:
            return speaker.say("by_program", action=action)
        role = speaker.country.role(str(facts["role"]), speaker.language)
        return speaker.say("by_person", action=action, role=role, actor=facts["actor"])
    if step.stage == "attempt":
        return speaker.say("delivered" if facts["ok"] else "not_delivered", error=facts["error"])
    if step.stage == "message":
        facts["kind"] = word(f"warn.kind_{str(facts['kind']).lower()}", speaker.language)
    if step.stage == "fix":
        facts["kind"] = speaker.say(f"fix_{facts['kind']}")
    return speaker.say(step.stage, **facts)
