"""What is said of a message's signature when it is validated."""

from __future__ import annotations

from typing import Final, cast

from lxml import etree

from haidang.base.problem import Problem
from haidang.warn.cap.finding import DSIG, Notes

_NODE: Final = f"{{{DSIG}}}Signature"
_UNABLE: Final = ("weak_algorithm", "weak_key", "algorithm", "key_missing")
"""What proves nothing, but does not prove the contrary either. CAP 1.2, 3.3.4.1: a message must not
be rejected only because its signature cannot be verified."""
_OLD: Final = ("weak_algorithm", "weak_key")


def signature_findings(root: etree._Element, data: bytes, require: bool, notes: Notes) -> None:
    """Judge the signature of a message.

    A signature that does not fit is an error though none was asked for: whoever checks it will
    not believe the message. Who signed is not judged here: see `verify`.

    Args:
        root: The element ``alert``.
        data: The bytes it was parsed from, which are what a signature is of.
        require: Whether a message without a signature, or with one that proves nothing, is to be
            refused.
        notes: Takes down what is wrong.
    """
    nodes = list(root.iter(_NODE))
    if not nodes:
        if require:
            notes.error("unsigned", root)
        return
    for found in _found(data, require):
        code = found.code.removeprefix("sign.")
        if found.field == "/":  # it stands outside the alert, and the tree here is without it
            notes.aside(found.code, found.row or 1, **found.params)
            continue
        node = next((n for n in nodes if _line(n) == found.row), nodes[0])
        # A signature that was cut out ("...") is no false one: there is nothing in it to verify.
        unable = code in _UNABLE or len(node) == 0
        minor = found.severity == "warning" or (unable and not require)
        tell = notes.warning if minor else notes.error
        tell(found.code, node, **found.params)
    if len(nodes) > 1:
        notes.warning("sign.several", nodes[0], count=len(nodes))


def _line(node: etree._Element) -> int | None:
    return cast("int | None", node.sourceline)


def _found(data: bytes, require: bool) -> tuple[Problem, ...]:
    """All that is wrong with the signatures themselves, also with old ones.

    Who wants proof is told what one that holds does not prove: anybody can make a key.
    """
    from haidang.warn.cap.verifier import verify  # noqa: PLC0415 - slow, and rarely needed

    seen = verify(data, several=True)
    old = tuple(p for p in seen.problems if p.code.removeprefix("sign.") in _OLD)
    if old:
        seen = verify(data, several=True, allow_weak=True)
    return (*old, *(p for p in seen.problems if require or p.code != "sign.trust_unknown"))
