"""A threat and a country live in their own folders: no line of code elsewhere knows one by name.

Looked at are string constants (those in f-strings and bytes too) and imports of every Python file
of the program. Docstrings are left out: they cannot change what the program does, and an example
from the field, such as the article of law a rule was made for, tells a reader more than an
abstraction would. For the same reason comments, which the syntax tree does not hold, are free.
Keys in the words files are not code either. ``vi`` is a language of the screens, not a country.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import haidang
from haidang.base.place import fold
from haidang.pack.load import read_yaml, roots

SRC = Path(haidang.__file__).parent

ALLOWED = {
    # The Beaufort scale's own English words for forces 10 and 11.
    ("base/wind.py", "storm"),
    ("base/wind.py", "violent storm"),
    # Imports of a hazard model, which is named for what it models and knows no pack.
    ("app/shaken.py", "haidang.risk.hazards.earthquake VALID Model outside shaking"),
    ("risk/hazards/earthquake.py", "haidang.risk.hazards earthquake_motion"),
}


def _own_words() -> tuple[re.Pattern[str], ...]:
    """Ids as whole words (an underscore is a gap), names also as the beginning of one."""
    whole: set[str] = set()
    begins: set[str] = {"viet nam", "vietnam", "viet_nam", "viet-nam"}
    known = roots()
    whole |= set(known.threats)
    for code, folder in known.countries.items():
        country = read_yaml(folder / "country.yaml")
        whole |= {code, country["time_zone"], country["scale"], country["geocode"]}
        whole.add(country["sender"]["address"].partition("@")[0])
        for name in country["name"].values():
            begins |= {gap.join(fold(name).split()) for gap in (" ", "", "-", "_")}
    gap = r"(?<![^\W_]){}"
    found = [re.compile(gap.format(re.escape(fold(w))) + r"(?![^\W_])") for w in whole]
    return (*found, *(re.compile(gap.format(re.escape(w))) for w in begins))


WORDS = _own_words()


def _docstrings(tree: ast.AST) -> set[int]:
    """Constants that stand alone as a statement, on top or below an attribute."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _said(source: str) -> Iterator[tuple[int, str]]:
    tree = ast.parse(source)
    free = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in free:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("utf-8", "replace")
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, f"{alias.name} {alias.asname or ''}"
        elif isinstance(node, ast.ImportFrom):
            names = " ".join(alias.name for alias in node.names)
            yield node.lineno, f"{node.module or ''} {names}"


def _owned(text: str) -> bool:
    return any(pattern.search(fold(text)) for pattern in WORDS)


def _elsewhere() -> Iterator[Path]:
    known = roots()
    own = [*known.threats.values(), *known.countries.values()]
    for path in sorted(SRC.rglob("*.py")):
        if not any(folder in path.parents for folder in own):
            yield path


FILES = list(_elsewhere())


def test_there_is_something_to_look_at():
    assert len(FILES) > 50
    assert len(roots().threats) >= 1
    assert len(roots().countries) >= 1


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(SRC).as_posix())
def test_no_file_elsewhere_knows_a_threat_or_a_country(path):
    name = path.relative_to(SRC).as_posix()
    found = [
        f"{name}:{line}: {text!r}"
        for line, text in _said(path.read_text("utf-8"))
        if _owned(text) and (name, text) not in ALLOWED
    ]
    assert found == []


def test_every_exception_is_still_needed():
    said = {
        (path.relative_to(SRC).as_posix(), text)
        for path in FILES
        for _, text in _said(path.read_text("utf-8"))
    }
    assert said >= ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "x = 'storm'",
        "x = 'storm_desk'",
        "x = f'{y}/storm/{z}'",
        "x = b'vn'",
        "x = 'countries/vn/law'",
        "x = {'Viet Nam': 1}",
        "x = 'Việt Nam'",
        "x = 'the Vietnamese law'",
        "x = 'Asia/Ho_Chi_Minh'",
        "import haidang.countries.vn.places.prepare",
        "from haidang.threats import storm",
        "from haidang.countries.vn import places",
        "def f(country='VN'): pass",
    ],
)
def test_the_look_finds_what_it_is_for(source):
    assert any(_owned(text) for _, text in _said(source))


@pytest.mark.parametrize(
    "source",
    [
        '"""A storm in Viet Nam."""',
        "def f():\n    '''Article 42 of Viet Nam.'''",
        "X = 1\n'''About the storm.'''",
        "x = 'brainstorm'",
        "x = 'vnode'",
        "# storm in vn\nx = 1",
        "LANGUAGES = ('vi', 'en')",
    ],
)
def test_and_nothing_else(source):
    assert not any(_owned(text) for _, text in _said(source))
