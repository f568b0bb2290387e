"""What is said of a message's signature when it is validated."""

from __future__ import annotations

from lxml import etree

from haidang.warn.cap.finding import DSIG, Notes


def signature_findings(root: etree._Element, data: bytes, require: bool, notes: Notes) -> None:
    """Judge the signature of a message.

    Args:
        root: The element ``alert``.
        data: The bytes it was parsed from, which are what a signature is of.
        require: Whether a message without a signature is to be refused.
        notes: Takes down what is wrong.
    """
    if require and root.find(f"{{{DSIG}}}Signature") is None:
        notes.error("unsigned", root)
