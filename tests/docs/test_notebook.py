"""The analyst's notebook runs from top to bottom, and holds no results that may be out of date."""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from haidang.jobs.replay import play
from haidang.pack.case import load_case
from haidang.pack.load import roots
from jobs.conftest import YAGI, locked

GUIDE = Path(__file__).parents[2] / "docs" / "guide"
NOTEBOOK = GUIDE / "analyst.ipynb"
LIMIT_S = 900


@pytest.fixture(scope="module")
def written() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_is_a_notebook_without_results(written):
    nbformat.validate(written)
    code = [c for c in written.cells if c.cell_type == "code"]
    assert len(code) >= 10
    assert all(c.outputs == [] and c.execution_count is None for c in code)


def test_it_speaks_both_languages(written):
    # A text cell says the same in English and then in Vietnamese, or is a heading with both.
    vietnamese = re.compile(r"[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.I)
    for cell in written.cells:
        if cell.cell_type == "markdown":
            said = [p for p in cell.source.split("\n\n") if not p.startswith("#") and "·" not in p]
            foreign = [bool(vietnamese.search(p)) for p in said]
            assert foreign == [False, True] * (len(said) // 2), cell.source


def test_what_it_links_to_is_there(written):
    text = "\n".join(c.source for c in written.cells if c.cell_type == "markdown")
    links = re.findall(r"\]\(([^)#]+)", text)
    assert links
    assert [link for link in links if not (GUIDE / link).exists()] == []


@pytest.mark.slow
def test_every_cell_runs(written, tmp_path, tmp_path_factory, monkeypatch):
    base = tmp_path_factory.getbasetemp()
    common = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "played"
    common.mkdir(exist_ok=True)
    with locked(common / f"{YAGI}.lock"):
        known = roots()
        play(load_case(YAGI, known), known, common / YAGI)
    (tmp_path / "out").symlink_to(common, target_is_directory=True)
    monkeypatch.setenv("PYTHONWARNINGS", "error::DeprecationWarning:__main__")
    monkeypatch.delenv("HAIDANG_PACKS", raising=False)
    client = NotebookClient(
        written.copy(), timeout=LIMIT_S, startup_timeout=LIMIT_S, kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )  # fmt: skip
    done = client.execute()

    shown = [o for c in done.cells if c.cell_type == "code" for o in c.outputs]
    assert [o for o in shown if o.get("name") == "stderr"] == []
    maps = [o.data["image/svg+xml"] for o in shown if "image/svg+xml" in o.get("data", {})]
    assert len(maps) == 1
    assert maps[0].count("<polygon") > 30
    assert maps[0].count("<rect") > 500
    assert done.cells[-1].outputs[0].data["text/plain"] == "()"
