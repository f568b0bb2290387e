"""What a person changed of a draft's words, word by word, for the answer to a question."""

from __future__ import annotations

from haidang.app.verdict import Draft
from haidang.warn.compare import PARTS, Line, lines
from haidang.words import word


def changed(before: Draft, after: Draft, language: str) -> str:
    """The difference between two drafts, in every language of theirs.

    Args:
        before: What the person had before them.
        after: Their own words.
        language: Of the answer; the words stay in their own.

    Returns:
        For each language what went and what came, in quotation marks; "" where nothing did.
    """
    old = {t.language: t for t in before.texts}
    found = []
    for text in after.texts:
        pieces = [
            said
            for part in PARTS
            for line in lines(getattr(old.get(text.language), part, ""), getattr(text, part))
            for said in _pieces(line, language)
        ]
        if pieces:
            changes = "; ".join(pieces)
            found.append(word("explain.edit_of", language, language=text.language, what=changes))
    return " ".join(found)


def _pieces(line: Line, language: str) -> list[str]:
    """Each place of a line that differs: what went beside what came for it."""
    found: list[str] = []
    gone = ""
    for piece in (*line, None):
        if piece is not None and piece.kind == "gone":
            gone += piece.text
            continue
        came = piece.text if piece is not None and piece.kind == "new" else ""
        if gone or came:
            key = "edit_both" if gone and came else "edit_gone" if gone else "edit_came"
            said = {"gone": gone.strip(), "came": came.strip()}
            found.append(word(f"explain.{key}", language, **said))
        gone = ""
    return found
