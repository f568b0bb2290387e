"""A person's own words: a new version of a draft, by its editor, who answers for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select

from haidang.app.verdict import Draft
from haidang.base.errors import BadData
from haidang.base.ids import content_id, digest
from haidang.base.problem import Problem
from haidang.edge.store import chain as links
from haidang.edge.store import codec, notices
from haidang.edge.store.notices import Person
from haidang.edge.store.rows import draft_line, draft_row
from haidang.edge.store.tables import draft
from haidang.warn.message import HEADLINE_MAX, Text

FIELDS = ("headline", "description", "instruction")


def edit(
    connection: Connection,
    draft_id: str,
    who: Person,
    texts: Sequence[Text],
    recorded: datetime,
) -> Draft:
    """Put a person's words in the place of a draft's; see ``Store.edit``."""
    parent = notices.get(connection, draft_id)
    notices.registered(connection, who.id)
    wanted = checked(parent, texts)
    fresh = _version(parent, who, wanted)
    known = connection.execute(select(draft.c.id).where(draft.c.id == fresh.id)).first()
    if known is not None:  # the same words of the same person, sent again
        return notices.get(connection, fresh.id)
    state = notices.waiting(connection, parent, who.at)
    if wanted == parent.texts:
        if state.signer != who.id:
            notices.sign(connection, draft_id, who, recorded)
        return parent
    body = codec.encode_draft(fresh)
    text = codec.text(body)
    run = connection.execute(select(draft.c.run).where(draft.c.id == draft_id)).scalar_one()
    connection.execute(insert(draft), draft_row(run, fresh, text))
    act = {"at": who.at, "actor": who.id, "role": who.role}
    notices.record(
        connection,
        [
            {**act, "draft": parent.id, "action": "superseded", "note": fresh.id},
            {**act, "draft": fresh.id, "action": "edited", "note": parent.id},
            {**act, "draft": fresh.id, "action": "signed"},
        ],
    )
    lines: list[tuple[datetime, str, Mapping[str, object]]] = [
        (who.at, "draft", draft_line(body, digest(text))),
        (who.at, "superseded", {"draft": parent.id, "by": fresh.id}),
        (who.at, "edited", edit_line(fresh.id, parent.id, who.id, who.role)),
        (who.at, "signed", notices.act_line(fresh.id, who.id, who.role, "")),
    ]
    links.append(connection, lines, recorded)
    return fresh


def edit_line(draft_id: str, parent: str, actor: str, role: str) -> Mapping[str, object]:
    """An edit as the ledger holds it."""
    return {"draft": draft_id, "of": parent, "actor": actor, "role": role}


def _version(parent: Draft, who: Person, texts: tuple[Text, ...]) -> Draft:
    """The next version of the chain.

    The hour at which it goes to the next role stays: whoever edits does not win time by it. Its
    name does not hold the instant, or a form sent twice would make two versions.
    """
    said = [(t.language, t.headline, t.description, t.instruction) for t in texts]
    name = content_id("edit", {"of": parent.id, "actor": who.id, "texts": said})
    return replace(parent, id=name, version=parent.version + 1, at=who.at, texts=texts)


def checked(parent: Draft, texts: Sequence[Text]) -> tuple[Text, ...]:
    """The words in the order of the draft's languages, blanks at the ends removed.

    Raises:
        BadData: A language is missing, twice or not the draft's, a text is empty, or a headline is
            longer than a display shows; every one at once.
    """
    given = {t.language: t for t in texts}
    languages = [t.language for t in parent.texts]
    wrong: list[Problem] = []
    if sorted(t.language for t in texts) != sorted(languages):
        wrong.append(Problem("store.edit_languages", {"languages": ", ".join(languages)}))
    found = []
    for language in languages:
        if language not in given:
            continue
        # A form sends line ends as the network does; they are no change of the words.
        clean = {
            name: getattr(given[language], name).replace("\r\n", "\n").strip() for name in FIELDS
        }
        found.append(Text(language, **clean))
        wrong += [
            Problem("store.edit_empty", {"language": language}, field=name)
            for name, value in clean.items()
            if not value
        ]
        length = len(clean["headline"])
        if length > HEADLINE_MAX:
            said = {"language": language, "length": length, "limit": HEADLINE_MAX}
            wrong.append(Problem("store.edit_headline", said, field="headline"))
    if wrong:
        raise BadData(*wrong)
    return tuple(found)
