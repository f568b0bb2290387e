"""Every text of this room is there in both languages, is used, and asks for the same things."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

from haidang.words import catalogue

SOURCE = Path(__file__).parents[2] / "src" / "haidang"
TEXTS = {k.removeprefix("law."): v for k, v in catalogue().items() if k.startswith("law.")}


def test_same_placeholders():
    for key, texts in TEXTS.items():
        asked = [{f for _, f, _, _ in Formatter().parse(texts[k]) if f} for k in ("vi", "en")]
        assert asked[0] == asked[1], key


def test_every_key_is_used_and_every_use_has_a_key():
    others = ("pack/law.py", "pack/regions.py", "jobs/law.py", "jobs/raising.py")
    files = [*(SOURCE / "law").glob("*.py"), *(SOURCE / name for name in others)]
    code = "\n".join(f.read_text("utf-8") for f in files)
    for key in re.findall(r'"law\.(\w+)"', code) + re.findall(r'self\.say\(\s*"(\w+)",', code):
        assert key in TEXTS, key
    built = {f"{w}_{s}" for w in ("gap", "overlap", "below") for s in ("absent", "wider")}
    for key in TEXTS:
        assert key in built or f'"law.{key}"' in code or f'"{key}"' in code, key
