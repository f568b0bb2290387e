"""What a newcomer reads is true: examples run, commands exist, keys and columns are described."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import typer
import xarray as xr
import yaml

import haidang as hd
from cli.process import haidang
from haidang import api
from haidang.base.errors import BadData
from haidang.base.problem import Problem
from haidang.base.spec import Spec
from haidang.base.wind import convert_averaging, knots_to_ms
from haidang.cli.app import build
from haidang.edge.feeds import bulletins, stock
from haidang.edge.store import tables as store_tables
from haidang.edge.store.tables import META
from haidang.jobs import review_tables, tables, tables_response
from haidang.jobs.replay import prepare
from haidang.jobs.verify import with_risk
from haidang.law.header import HeaderSpec
from haidang.law.levels import Status
from haidang.pack import law as pack_law
from haidang.pack.case import CaseSpec, OfficerSpec
from haidang.pack.load import read_yaml, roots
from haidang.pack.places import FolderSpec
from haidang.pack.review import HouseSpec, NotModelledSpec, ReviewSpec
from haidang.pack.schema import (
    AreaRule,
    BindingSpec,
    CivilDefenceRule,
    CountrySpec,
    CountsLaw,
    CountsRule,
    LawBinding,
    ReadingsAsk,
    ReadingsLaw,
    ThreatSpec,
)
from haidang.respond.spec import (
    AuthoritiesSpec,
    DispatchSpec,
    KindSpec,
    NeedSpec,
    OverlaySpec,
    ScenarioSpec,
    TaskSpec,
    TimeSpec,
)
from haidang.risk.spec import (
    CycloneRain,
    CycloneSurge,
    CycloneWind,
    FlashFlood,
    RainSums,
    RiverStage,
    Shaking,
    Thresholds,
    ValuePerHead,
    Vulnerability,
)
from haidang.warn.decide import Reason
from haidang.warn.lifecycle import Occasion
from haidang.warn.message import FACTS
from haidang.warn.spec import LevelSpec, MessageSpec, WarnSpec
from haidang.watch.spec import CountsWatch, Indicator, Reading, ReadingsWatch, TrackWatch
from haidang.words import LANGUAGES, catalogue

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "haidang"
TOY = ROOT / "tests" / "toy"
READMES = (ROOT / "README.md", ROOT / "README.vi.md")
DOCS = sorted((ROOT / "docs").rglob("*.md"))
ROOT_PAGES = (*READMES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md")
PAGES = (*ROOT_PAGES, *DOCS, *sorted(SRC.rglob("README.md")))
REFERENCE = ROOT / "docs" / "reference"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def every_page(function: Any) -> Any:
    return pytest.mark.parametrize("page", PAGES, ids=name_of)(function)


# --- examples -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        mark: ``slow`` or ``toy`` where a comment above the block says so, else "".
        after: The text up to the next block.
    """

    kind: str
    mark: str
    code: str
    after: str


FENCE = re.compile(
    r"(?:^<!-- (?P<mark>slow|toy) -->\n)?^```(?P<kind>\w*)\n(?P<code>.*?)^```\n", re.M | re.S
)


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    text = page.read_text("utf-8")
    found = list(FENCE.finditer(text))
    ends = [m.start() for m in found[1:]] + [len(text)] * bool(found)
    return tuple(
        Block(m["kind"], m["mark"] or "", m["code"], text[m.end() : end])
        for m, end in zip(found, ends, strict=True)
    )


def python(page: Path) -> list[Block]:
    return [b for b in blocks(page) if b.kind == "python"]


def promised(block: Block) -> list[str]:
    """What the sentence after a block says that it prints."""
    said = re.search(r"^(?!\|).*\bprints\b(.*)", block.after, re.I | re.M)
    return re.findall(r"`([^`]+)`", said[1]) if said else []


def play(
    found: list[Block], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, object] = {"__name__": "__docs__"}
    for block in found:
        with monkeypatch.context() as patch:
            if block.mark == "toy":
                patch.setenv("HAIDANG_PACKS", str(TOY))
            exec(compile(block.code, "<docs>", "exec"), namespace)
        printed = capsys.readouterr().out
        for text in promised(block):
            assert text in printed


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Path:
    """One folder for every page, as a reader has: a case that was played is not played again."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "docs" / "guide" / "data", folder / "docs" / "guide" / "data")
    return folder


@pytest.mark.parametrize("page", [p for p in PAGES if python(p)], ids=name_of)
def test_python_runs(page, desk, monkeypatch, capsys):
    monkeypatch.chdir(desk)
    monkeypatch.delenv("HAIDANG_PACKS", raising=False)
    play([b for b in python(page) if b.mark != "slow"], monkeypatch, capsys)


@pytest.mark.slow
def test_slow_python_runs(desk, monkeypatch, capsys):
    # The same calls with a tenth of the members: an example must run, not be right to a metre.
    monkeypatch.setattr(
        "haidang.jobs.replay.prepare", lambda *given: with_risk(prepare(*given), members=20)
    )
    monkeypatch.chdir(desk)
    monkeypatch.delenv("HAIDANG_PACKS", raising=False)
    codes = {tuple(b.code for b in python(p)): p for p in PAGES if _slow(p)}
    assert len(codes) == 1, "the same long example in every language"
    for page in codes.values():
        play(python(page), monkeypatch, capsys)


def _slow(page: Path) -> bool:
    return any(b.mark == "slow" for b in python(page))


def test_a_mark_belongs_to_a_python_block():
    for page in PAGES:
        marks = re.findall(r"^<!-- (?:slow|toy) -->$", page.read_text("utf-8"), re.M)
        assert len(marks) == sum(b.mark != "" for b in python(page)), page


# --- commands -----------------------------------------------------------------------------------


def shell(page: Path) -> list[str]:
    lines = "".join(b.code for b in blocks(page) if b.kind == "console").splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command that does something, with its path."""
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        if inner is None or command.invoke_without_command:
            yield (*path, name), command
        if inner is not None:
            yield from commands(command, (*path, name))


@pytest.fixture(scope="module")
def cli() -> Any:
    return typer.main.get_command(build())


def parse(cli: Any, args: list[str]) -> None:
    """Parse a command line to its end without running it; any mistake raises."""
    context = cli.make_context("haidang", list(args), resilient_parsing=False)
    command, rest = cli, [*context._protected_args, *context.args]
    while getattr(command, "commands", None) and rest:
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
        if not getattr(command, "commands", None):
            return
        rest = [*context._protected_args, *context.args]
    assert not rest, rest


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    return set(re.search(r"^\.PHONY:(.*)$", makefile, re.M)[1].split())


@every_page
def test_console_lines_exist(page, cli, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for line in shell(page):
        program, *args = shlex.split(line)
        for store in (Path(a) for a in args if a.endswith(".db")):
            store.parent.mkdir(parents=True, exist_ok=True)
            store.touch()  # the command line asks that a store be there
        if program == "haidang":
            parse(cli, args)
        elif program == "make":
            assert set(args) <= targets(), line
        else:
            assert program in {"export", "sudo"}, line


def test_the_tutorials_say_the_same_and_their_commands_run(desk, monkeypatch):
    english, vietnamese = (ROOT / "docs" / "guide" / f"tutorial-counts{x}.md" for x in ("", ".vi"))
    assert headings(english) == headings(vietnamese)
    assert blocks_of(english) == blocks_of(vietnamese)
    monkeypatch.chdir(desk)
    for line in shell(english):
        ran = haidang(*shlex.split(line)[1:])
        assert ran.returncode == 0, f"{line}\n{ran.stderr}"
        table = re.search(r"^  (out/\S+\.csv)$", ran.stdout, re.M)
        assert len(pd.read_csv(desk / table[1])) > 10, line
    said = english.read_text("utf-8")
    for picture in re.findall(r"`(out/\S+\.svg)`", said):
        assert "<svg" in (desk / picture).read_text("utf-8")


def blocks_of(page: Path) -> list[tuple[str, str, str]]:
    return [(b.kind, b.mark, b.code) for b in blocks(page)]


def test_a_wrong_command_line_would_be_found(cli):
    for line in ("replay", "replya x", "replay x --ouy y", "ledger x", "storm new x --status"):
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever class the parser has
            parse(cli, line.split())
        assert "Error" in type(caught.value).__mro__[0].__name__ or caught.value.args


def section(page: Path, heading: str) -> str:
    """The text under a heading, down to the next of its rank or a higher one."""
    text = page.read_text("utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.M)
    assert found, f"{page.name} has no heading {heading!r}"
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.M)
    return rest[: end.start()] if end else rest


def test_every_command_and_option_is_documented(cli):
    page = REFERENCE / "cli.md"
    everywhere = section(page, "Commands")
    for path, command in commands(cli):
        words = ["THREAT" if w in roots().threats else w for w in path]
        said = section(page, f"`haidang {' '.join(words)}`")
        for param in command.params:
            for option in param.opts + param.secondary_opts:
                if not option.startswith("--") or option == "--help":
                    continue
                assert option in said, f"{' '.join(path)} {option}"
    for option in cli.params:
        assert option.opts[0] == "--help" or option.opts[0] in everywhere


def test_no_command_is_documented_that_is_not_there(cli):
    text = (REFERENCE / "cli.md").read_text("utf-8")
    there = {" ".join(path) for path, _ in commands(cli)}
    there |= {re.sub(rf"^{t} ", "THREAT ", c) for c in there for t in roots().threats}
    assert set(re.findall(r"^## `haidang (.*)`$", text, re.M)) <= there


def test_every_target_of_make_is_documented():
    assert first_cells(section(REFERENCE / "cli.md", "`make`")) == {f"make {t}" for t in targets()}


def test_every_variable_is_documented():
    used = set()
    for file in SRC.rglob("*.py"):
        used |= set(re.findall(r"\"(HAIDANG_[A-Z]+)\"", file.read_text("utf-8")))
    assert used <= set(re.findall(r"`(HAIDANG_\w+)`", (REFERENCE / "cli.md").read_text("utf-8")))


# --- keys and columns ---------------------------------------------------------------------------


def first_cells(text: str) -> set[str]:
    """Everything in code marks in the first column of the tables of a text."""
    rows = re.findall(r"^\|([^|\n]*)\|", text, re.M)
    return {code for row in rows for code in re.findall(r"`([^`]+)`", row)}


def fields(*specs: type[Spec]) -> set[str]:
    return {name for spec in specs for name in spec.model_fields}


PACK_KEYS = {
    "`watch:`": (TrackWatch, CountsWatch, Indicator, ReadingsWatch, Reading),
    "`warn:`": (WarnSpec, LevelSpec),
    "`messages.<language>.yaml`": (MessageSpec,),
    "`binding.yaml`": (
        BindingSpec,
        LawBinding,
        CountsLaw,
        CountsRule,
        ReadingsLaw,
        ReadingsAsk,
        CivilDefenceRule,
        AreaRule,
        ValuePerHead,
    ),
    "`scenario.yaml`": (ScenarioSpec, TaskSpec, TimeSpec, NeedSpec, DispatchSpec),
    "Overlays": (OverlaySpec,),
    "`authorities.yaml`": (AuthoritiesSpec,),
    "`kinds.yaml`": (KindSpec,),
    "`country.yaml`": (CountrySpec,),
    "`places/places.yaml`": (FolderSpec,),
    "`case.yaml`": (CaseSpec, OfficerSpec),
    "Keys of `review:`": (ReviewSpec, HouseSpec, NotModelledSpec),
}


@pytest.mark.parametrize("heading", PACK_KEYS)
def test_every_pack_key_is_documented_and_no_other(heading):
    assert first_cells(section(REFERENCE / "pack.md", heading)) == fields(*PACK_KEYS[heading])


def test_every_key_of_risk_is_documented_and_no_other():
    """The keys of a wind stand in its table; a model of readings has a row with its own keys."""
    page = section(REFERENCE / "pack.md", "`risk:`")
    models = (Thresholds, RiverStage, RainSums, FlashFlood, Shaking)
    names = {m.model_fields["hazard"].annotation.__args__[0] for m in models}
    wind = fields(CycloneWind, Vulnerability, CycloneRain, CycloneSurge)
    assert first_cells(page) == wind | names
    common = {"hazard", "horizon_h", "look_back_h", "source"}
    for model in models:
        name = model.model_fields["hazard"].annotation.__args__[0]
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}`"))
        assert {k for k in set(model.model_fields) - common if f"`{k}`" not in row} == set()


def test_every_key_of_pack_yaml_itself():
    text = section(REFERENCE / "pack.md", "`pack.yaml`").partition("\n### ")[0]
    assert first_cells(text) == fields(ThreatSpec)


def _inner(spec: type[Spec], seen: set[type[Spec]]) -> set[type[Spec]]:
    """Every spec that a spec holds, however deep."""

    def within(annotation: Any) -> Iterator[type[Spec]]:
        if isinstance(annotation, type) and issubclass(annotation, Spec):
            yield annotation
        for part in getattr(annotation, "__args__", ()):
            yield from within(part)

    for field in spec.model_fields.values():
        for found in within(field.annotation):
            if found not in seen:
                seen.add(found)
                _inner(found, seen)
    return seen


def test_keys_inside_keys_are_mentioned():
    text = (REFERENCE / "pack.md").read_text("utf-8")
    every: set[type[Spec]] = set()
    for spec in (
        ThreatSpec, BindingSpec, CountrySpec, FolderSpec, CaseSpec,
        ScenarioSpec, OverlaySpec, AuthoritiesSpec,
    ):  # fmt: skip
        _inner(spec, every)
    assert len(every) >= 12
    missing = {f for f in fields(*every) if f"`{f}`" not in text}
    assert not missing


def test_every_key_of_law_files_is_documented():
    page = REFERENCE / "law-tables.md"
    assert first_cells(section(page, "Head")) == fields(HeaderSpec)
    assert first_cells(section(page, "`scales.yaml`")) == fields(pack_law.ScaleSpec)
    text = page.read_text("utf-8")
    inner = _inner(HeaderSpec, set()) | _inner(pack_law.ScalesSpec, set())
    assert not {f for f in fields(*inner) if not re.search(rf"\b{f}\b", text)}
    assert first_cells(section(page, "Answers")) == set(Status.__args__)


def test_the_example_of_a_law_table_is_the_toy_countrys():
    example = next(b.code for b in blocks(REFERENCE / "law-tables.md") if b.kind == "text")
    assert example == (TOY / "countries/xt/law/act7_art3.csv").read_text("utf-8")


def test_every_placeholder_of_messages_is_documented():
    said = set(re.findall(r"`(\w+)`", section(REFERENCE / "pack.md", "`messages.<language>.yaml`")))
    asked = {f for f in FACTS if not re.fullmatch(r"(onset|end)(8|10|12)", f)}
    assert said == asked | set(MessageSpec.model_fields) | {"shelter_force"}


ANNOUNCED = tuple(api._announced(()).columns)
VERIFICATION = tuple(api._verification(()).columns)
TABLES = {
    "`levels`: one row for each run and place": {
        *tables.LEVELS,
        *tables.WIND,
        *tables.READ,
        *tables.SHAKEN,
        *tables.TRACED,
        "p_level_<k>",
    },
    "`impacts`: one row for each assessment and measure": set(tables.IMPACTS),
    "`onsets`: one row for each assessment and force": set(tables.ONSETS),
    "`warnings`: one row for each draft": set(tables.WARNINGS),
    "`tasks`: one row for each run and task": set(tables_response.TASKS),
    "`needs`: one row for each run and need": set(tables_response.NEEDS),
    "`grants`: one row for each run and consignment": set(tables_response.GRANTS),
    "`unmet`: one row for each run and gap": set(tables_response.UNMET),
    "`short`: one row for each run and need that lacks stand-by": set(tables_response.SHORT),
    "`calls`: one row for each run and need that help must leave for": set(tables_response.CALLS),
    "`suggestions`: one row for each run and place": set(tables_response.SUGGESTIONS),
    "`announced`: one row for each level that was really announced": set(ANNOUNCED),
    "`verification`: one row for each lead time and force": set(VERIFICATION),
    "`review.timeline`: one row for each thing that happened, to one or several places": set(
        review_tables.TIMELINE
    ),
    "`review.leads`: one row for each place and level that was decided or found": set(
        review_tables.LEADS
    ),
    "`review.handling`: one row for each draft and its minutes": set(review_tables.HANDLING),
    "`review.orders`: one row for each order or report": set(review_tables.ORDERS),
    "`review.winds`: one row for each station and basis": set(review_tables.WINDS),
    "`review.houses`: one row for each place or sum, basis and measure": set(review_tables.HOUSES),
    "`review.tolls`: one row for each situation report": set(review_tables.TOLLS),
    "`review.not_modelled`: one row for each danger, then one for each of its provinces": set(
        review_tables.NOT_MODELLED
    ),
}


@pytest.mark.parametrize("heading", TABLES)
def test_every_column_is_documented_and_no_other(heading):
    assert first_cells(section(REFERENCE / "python.md", heading)) == TABLES[heading]


def test_reasons_occasions_and_tables_of_the_store_are_documented():
    text = (REFERENCE / "python.md").read_text("utf-8")
    assert all(f"`{r.value}`" in text for r in Reason)
    # A withdrawn draft is never a row.
    assert all(f"`{o.value}`" in text for o in Occasion if o is not Occasion.WITHDRAWN)
    said = first_cells(section(REFERENCE / "store.md", "Tables"))
    assert said == {*store_tables.META.tables, store_tables.version.name}


def test_every_public_name_is_documented():
    said = first_cells((REFERENCE / "python.md").read_text("utf-8"))
    names = {re.match(r"hd\.(\w+)", s)[1] for s in said if s.startswith("hd.")}
    assert names == set(hd.__all__)


def test_every_number_of_a_pack_is_justified():
    def keys(found: Mapping[str, Any], path: str = "") -> Iterator[str]:
        for key, value in found.items():
            if isinstance(value, dict) and "hours" not in value:
                yield from keys(value, f"{path}{key}.")
            elif not isinstance(value, str) or key == "surface":
                yield f"{path}{key}"

    for folder in roots().threats.values():
        pack = read_yaml(folder / "pack.yaml")
        asked = {k for s in ("watch", "risk", "warn") for k in keys(pack[s], f"{s}.")}
        said = first_cells(section(folder / "README.md", "Every number of `pack.yaml`"))
        assert asked - {"warn.event_code"} == said


def test_every_column_of_inventories_is_documented():
    said = first_cells(section(REFERENCE / "cli.md", "`haidang stock check`"))
    assert said == {*stock.NEEDED, *stock.OPTIONAL}


def test_every_column_of_bulletins_is_documented():
    others = {"pressure_hpa", "position_uncertainty_km", "source"}
    said = first_cells(section(ROOT / "docs/guide/tonight.md", "Columns"))
    assert said == {*bulletins.NEEDED, *bulletins.STRENGTHS} | others


def test_the_example_of_bulletins_is_the_file_and_reads_without_a_complaint():
    guide = ROOT / "docs" / "guide"
    file = guide / "tonight.csv"
    example = next(b.code for b in blocks(guide / "tonight.md") if b.kind == "csv")
    assert example == file.read_text("utf-8")
    read = bulletins.read_bulletins(file, "tonight")
    assert read.problems == ()
    assert len(read.fixes) == 7


def test_the_complaint_in_the_guide_is_what_is_said():
    params = {"value": "166", "low": -90, "high": 90}
    said = Problem("feed.range", params, file="tonight.csv", row=3, field="lat").say("en")
    assert said in (ROOT / "docs/guide/tonight.md").read_text("utf-8")


# --- what the table of functions promises -------------------------------------------------------

TRACK = pd.DataFrame(
    {
        "time": pd.date_range("2024-09-07", periods=3, freq="h"),
        "lat": [20.4, 20.5, 20.6],
        "lon": [108.3, 108.0, 107.7],
        "max_sustained_wind": [90.0, 90.0, 85.0],
    }
)
POINTS = pd.DataFrame({"lat": [20.86, 20.95], "lon": [106.68, 107.05]}, index=["a", "b"])


def function(name: str) -> str:
    text = (REFERENCE / "python.md").read_text("utf-8")
    return next(line for line in text.splitlines() if line.startswith(f"| `hd.{name}("))


def test_windfield_takes_every_kind_it_names():
    wind = hd.windfield(TRACK, POINTS)
    assert wind.dims == ("time", "point")
    assert wind.attrs["units"] == "m/s"
    assert (wind[1:] > 10).all()
    frame = gpd.GeoDataFrame(
        POINTS, geometry=gpd.points_from_xy(POINTS["lon"], POINTS["lat"]), crs=4326
    )
    track = xr.Dataset({k: ("time", TRACK[k]) for k in TRACK}).set_coords("time")
    metres = TRACK.assign(max_sustained_wind=knots_to_ms(TRACK["max_sustained_wind"]))
    metres.attrs["max_sustained_wind_unit"] = "m/s"
    points = POINTS.to_xarray().rename(index="point")
    for kind, other in {
        "GeoDataFrame": hd.windfield(TRACK, frame),
        "GeoSeries": hd.windfield(TRACK, frame.geometry),
        "xarray": hd.windfield(TRACK, points),
        "xarray `Dataset`": hd.windfield(track, POINTS),
        "m/s": hd.windfield(metres, POINTS),
    }.items():
        assert kind in function("windfield")
        np.testing.assert_allclose(other.to_numpy(), wind.to_numpy(), rtol=1e-12)
    grid = xr.Dataset(coords={"lat": [20.0, 21.0], "lon": [106.0, 107.0, 108.0]})
    assert hd.windfield(TRACK, grid).dims == ("time", "lat", "lon")
    for model in ("H08", "H1980", "H10", "ER11"):
        assert f"`{model}`" in function("windfield")
        assert float(hd.windfield(TRACK, POINTS, model=model).max()) > 0
    with pytest.raises(BadData):
        hd.windfield(TRACK.drop(columns="lat"), POINTS)


def test_impact_takes_every_kind_it_names():
    curve = pd.DataFrame({"intensity": [25.0, 50.0], "ratio": [0.0, 0.5]})
    wind = np.array([20.0, 30.0, np.nan])
    expected = [0.0, 10.0, np.nan]
    series = pd.Series(wind, index=["a", "b", "c"])
    array = xr.DataArray(wind, coords={"point": ["a", "b", "c"]}, dims="point")
    people = pd.Series([100.0] * 3, index=["c", "b", "a"])
    kinds: list[tuple[type, Any]] = [
        (np.ndarray, hd.impact(wind, 100.0, curve)),
        (xr.DataArray, hd.impact(array, array.copy(data=[100.0] * 3), curve)),
        (pd.Series, hd.impact(series, people, curve)),
        (pd.DataFrame, hd.impact(series.to_frame("wind"), people, curve)),
    ]
    for kind, loss in kinds:
        assert isinstance(loss, kind)
        np.testing.assert_allclose(np.ravel(loss), expected)
        assert kind is np.ndarray or f"`{kind.__name__}`" in function("impact")
    half = hd.impact(wind, 100.0, lambda v: np.where(np.isnan(v), np.nan, 0.5))
    np.testing.assert_allclose(half, [50.0, 50.0, np.nan])
    assert float(hd.impact(30.0, 100.0, curve)) == pytest.approx(10.0)
    with pytest.raises(BadData):
        hd.impact(-wind, 100.0, curve)


def test_level_answers_in_its_three_ways():
    strong, calm = (hd.level(42, area="coastal", beaufort=b) for b in (13, 5))
    assert (strong.level, strong.status, calm.level, calm.status) == (4, "defined", 0, "below")
    with pytest.raises(BadData):
        hd.level(42, area="coastal")


def test_the_factor_of_two_minutes_is_as_told():
    text = (SRC / "countries/vn/README.md").read_text("utf-8")
    assert f"a factor of {convert_averaging(1.0, 120, 600, 'at-sea'):.2f} at sea" in text


# --- pages --------------------------------------------------------------------------------------


def headings(page: Path) -> list[str]:
    text = FENCE.sub("", page.read_text("utf-8"))
    return re.findall(r"^(#+) ", text, re.M)


def test_the_two_readmes_say_the_same():
    english, vietnamese = READMES
    assert headings(english) == headings(vietnamese)
    assert blocks_of(english) == blocks_of(vietnamese)
    links = [re.findall(r"\]\(([^)]+)\)", p.read_text("utf-8")) for p in READMES]
    english_links, vietnamese_links = (
        [re.sub(rf"\.{language}\.(png|md)$", r".\1", link) for link in found]
        for language, found in zip(("en", "vi"), links, strict=True)
    )
    assert english_links == vietnamese_links
    rows = [len(re.findall(r"^[|*] ?\S", p.read_text("utf-8"), re.M)) for p in READMES]
    assert rows[0] == rows[1]


@every_page
def test_relative_links_resolve(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page.read_text("utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} in {page.name}"
        if anchor:
            assert anchor in anchors(target), f"{link} in {page.name}"


def anchors(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in found}


@every_page
def test_a_page_names_no_machine(page):
    assert not re.search(r"(?<![\w.])/(work|tmp|home|root|mnt)/", page.read_text("utf-8"))


def test_the_navigation_is_complete():
    def pages(nav: Any) -> Iterator[str]:
        for entry in nav if isinstance(nav, list) else nav.values():
            yield from [entry] if isinstance(entry, str) else pages(entry)

    found = list(pages(yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]))
    assert sorted(found) == [p.relative_to(ROOT / "docs").as_posix() for p in DOCS]


def test_every_decision_has_its_three_parts_and_its_number():
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    for number, page in enumerate(records, 1):
        text = page.read_text("utf-8")
        assert page.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number}. ")
        assert re.findall(r"^## (.*)$", text, re.M) == ["Context", "Decision", "Consequences"]


# --- words --------------------------------------------------------------------------------------


@cache
def said_in_code() -> tuple[frozenset[str], frozenset[str]]:
    """Every string of the program, and every f-string as a pattern."""
    texts: set[str] = set()
    patterns: set[str] = set()
    for file in SRC.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            if isinstance(node, ast.JoinedStr):
                parts = [
                    re.escape(v.value) if isinstance(v, ast.Constant) else r"\w+"
                    for v in node.values
                ]
                patterns.add("".join(parts))
    for template in (SRC / "web" / "templates").glob("*"):
        texts |= set(re.findall(r"[\"']([\w.]+)[\"']", template.read_text("utf-8")))
    return frozenset(texts), frozenset(patterns)


def test_every_text_is_there_in_both_languages_with_the_same_placeholders():
    for key, texts in catalogue().items():
        assert set(LANGUAGES) <= set(texts), key
        asked = [
            {f for _, f, _, _ in Formatter().parse(t) if f is not None} for t in texts.values()
        ]
        assert all(a == asked[0] for a in asked), key


def test_every_text_is_used():
    texts, patterns = said_in_code()
    # A pattern counts if it names more than the room, else everything would pass.
    telling = [p for p in patterns if re.search(r"[a-z]{3}", re.sub(r"^\w+\\\.|\\w\+", "", p))]
    starts = tuple(t for t in texts if re.fullmatch(r"[a-z]+_", t))

    def used(key: str) -> bool:
        name = key.partition(".")[2]
        if {key, name} & texts or name.startswith(starts):
            return True
        return any(re.fullmatch(p, k) for p in telling for k in (key, name))

    # The law joins its keys of two parts; the tests of the law hold that they are used. What is
    # said otherwise for counts or readings is used where its room's own text is.
    plain = {k for k in catalogue() if not k.startswith(("law.", *OTHERWISE))}
    assert not {k for k in plain if not used(k)}


OTHERWISE = ("counted.", "readings.")
"""Rooms of what a kind of threat says otherwise: ``<room>_<key>`` of another one."""


def test_what_a_kind_says_otherwise_stands_for_a_text_with_the_same_facts():
    rooms = sorted({k.partition(".")[0] for k in catalogue()}, key=len, reverse=True)
    for key, texts in catalogue().items():
        if key.startswith(OTHERWISE):
            name = key.partition(".")[2]
            bases = [f"{r}.{name.removeprefix(r + '_')}" for r in rooms if name.startswith(r + "_")]
            base = next((b for b in bases if b in catalogue()), "")
            assert base, key
            for language, text in texts.items():
                asked = set(re.findall(r"{(\w+)", text))
                assert asked <= set(re.findall(r"{(\w+)", catalogue()[base][language])), key


def test_every_literal_key_has_a_text():
    texts, _ = said_in_code()
    rooms = {key.partition(".")[0] for key in catalogue()}
    modules = {f"{p.parent.name}.{p.stem}" for p in SRC.rglob("*.py")}
    asked = {t for t in texts if re.fullmatch(rf"({'|'.join(rooms)})\.[a-z][a-z0-9_]*[a-z0-9]", t)}
    suffixes = {"csv", "yaml", "html", "md", "py", "vi", "typ", "css", "db"}
    files = {t for t in asked if t.rpartition(".")[2] in suffixes}
    measures = {t for t in asked if t in modules}
    columns = {f"{t.name}.{c.name}" for t in META.tables.values() for c in t.columns}
    assert asked - files - measures - columns <= set(catalogue())
    assert len(asked & set(catalogue())) > 100


def test_every_room_of_words_is_named_in_the_reference():
    rooms = {p.stem for p in (SRC / "words").glob("*.yaml")}
    assert first_cells((REFERENCE / "words.md").read_text("utf-8")) == rooms
