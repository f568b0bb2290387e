"""Recipients, delivery and other people's warnings, as commands."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.process import TOY, haidang
from haidang.cli import outbox, world
from haidang.edge.store import Store

ROWS = "recipient,channel,address,language\nanna,sms,+84912345678,en\n,sms,+84912345679,en\n"
CAP = """<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>a</identifier><sender>s@x.example</sender><sent>2030-01-01T00:00:00+00:00</sent>
<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
{infos}</alert>"""
INFO = """<info><language>{0}</language><category>Met</category><event>e</event>
<urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>
<description>what {0}</description><instruction>do {0}</instruction></info>
"""


def test_a_refused_row_ends_with_an_error_and_the_good_ones_are_kept(tmp_path: Path) -> None:
    db, file = tmp_path / "haidang.db", tmp_path / "r.csv"
    Store.open(db).close()
    file.write_text(ROWS, "utf-8")
    done = haidang("recipients", "import", file, "--db", db, "--country", "xt", toy=True)
    assert done.returncode == 1
    with Store.open(db) as store:
        assert len(store.recipients()) == 1
    file.write_text(ROWS.rsplit("\n", 2)[0], "utf-8")
    again = haidang("recipients", "import", file, "--db", db, "--country", "xt", toy=True)
    assert again.returncode == 0, again.stderr


def test_the_job_is_told_how_places_lie_in_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = tmp_path / "haidang.db"
    Store.open(db).close()
    (tmp_path / "channels.yaml").write_text(
        "channels:\n  folder: {kind: capfile, folder: cap}\n", "utf-8"
    )
    given: dict[str, Any] = {}

    def job(*_: object, **more: object) -> object:
        given.update(more)
        raise KeyboardInterrupt

    monkeypatch.setattr("haidang.jobs.deliver.Deliverer", job)
    monkeypatch.setenv("HAIDANG_PACKS", str(TOY))
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver(db, watch=False, country="vn")
    home = outbox.home("vn")
    place = next(p for p in home.places.gazetteer.at(datetime.now(UTC).date()) if p.parent)
    assert given["around"](place.code) == (place.code, place.parent)


@pytest.mark.parametrize(
    ("lang", "tags", "said"),
    [
        ("vi", ("fr", "vi-VN"), ["what vi-VN", "do vi-VN"]),
        ("vi", ("fr", "en"), ["what en", "do en"]),
        ("en", ("fr",), ["what fr", "do fr"]),
        ("en", (), []),
    ],
)
def test_a_message_of_others_is_read_in_the_readers_language(monkeypatch, lang, tags, said) -> None:
    monkeypatch.setattr(world, "language", lambda: lang)
    body = CAP.format(infos="".join(INFO.format(tag) for tag in tags))
    assert list(world._words(body.encode())) == said
