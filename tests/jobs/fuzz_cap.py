"""Fuzz the reading of CAP messages, guided by which code a message reaches. Run by hand:

    PYTHONPATH=src .venv/bin/python tests/jobs/fuzz_cap.py ../shared/data/cap -max_total_time=60

Seeds are the real messages below 20 kB. Whatever the bytes: no exception but `BadData` from
`parse`, none at all from `validate`; what is valid is read, written and read again as the same;
nothing takes five seconds. Needs atheris (a dependency of the tests only).
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

SEED_MAX = 20_000
SLOW_S = 5.0


def judged(data: bytes) -> bool:
    """One input through everything; whether it was a valid message.

    Raises:
        AssertionError: Something that must hold does not.
    """
    from haidang.base.errors import BadData
    from haidang.warn import cap

    start = time.thread_time()
    report = cap.validate(data, "wmo", language="vi")
    assert all(p.line >= 1 and p.message for p in report.problems)
    assert report.valid == (not report.errors)
    try:
        alert = cap.parse(data)
    except BadData as error:
        assert not report.valid, error  # noqa: PT017 - the finding, not the error, is tested
        return False
    if report.valid and alert.version in {"1.1", "1.2"}:
        assert cap.parse(cap.build(alert)) == alert
    assert time.thread_time() - start < SLOW_S, "too slow"
    return report.valid


def seeds(folder: Path, into: Path) -> int:
    """Copy the short real messages to a folder; how many."""
    count = 0
    for file in sorted(folder.glob("*/*")):
        if file.suffix in {".xml", ".cap"} and file.stat().st_size < SEED_MAX:
            (into / f"{count:03}.xml").write_bytes(file.read_bytes())
            count += 1
    return count


def main() -> None:
    """Fuzz until libFuzzer's options say stop."""
    import atheris

    with atheris.instrument_imports(include=["haidang.warn.cap"]):
        import haidang.warn.cap  # noqa: F401

    folder = Path(sys.argv.pop(1))
    corpus = tempfile.mkdtemp(prefix="cap")
    seeds(folder, Path(corpus))

    def one(data: bytes) -> None:
        judged(data)

    atheris.Setup([*sys.argv, corpus], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
