import dataclasses
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from string import Formatter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import haidang
from haidang.base.errors import BadPack
from haidang.base.wind import beaufort
from haidang.risk.assessment import Assessment, Grounds, Impact, Interval, Onset, When
from haidang.warn.decide import Reason
from haidang.warn.lifecycle import MessageKind, Occasion
from haidang.warn.message import (
    FACTS,
    HEADLINE_MAX,
    Status,
    Text,
    check,
    facts,
    fields,
    prefix,
    render,
    rounded,
)
from haidang.warn.readability import check as plain
from haidang.warn.spec import MessageSpec
from haidang.watch.signal import State
from haidang.words import catalogue, word

LOCAL = timezone(timedelta(hours=7))
AT = datetime(2024, 9, 6, 12, tzinfo=UTC)  # 19:00 local
H = timedelta(hours=1)
ONSET = When(AT + 10 * H, AT + 12 * H, AT + 14 * H)  # 05:00, 07:00, 09:00 on the 7th
END = When(AT + 20 * H, AT + 24 * H, AT + 30 * H)
NEVER = When(None, None, None)
PEOPLE = Interval(1_198_000.0, 1_384_211.0, 1_502_000.0)
GROUNDS = Grounds(
    4, "defined", "42(2)(b)", "42", "Quyết định 18/2021/QĐ-TTg", "vn-42", "force 13", ""
)


def assessed(**changes):
    given = {
        "id": "a",
        "threat": "t",
        "event": "e",
        "place": "31",
        "at": AT,
        "until": AT + 72 * H,
        "state": State.RAISED,
        "intensity": Interval(34.0, 38.0, 42.0),
        "grounds": GROUNDS,
        "p_level": ((3, 0.93), (4, 0.58), (5, 0.001)),
        "onsets": (
            Onset(6, 1.0, When(AT - 2 * H, AT - H, AT), END),
            Onset(8, 0.9, ONSET, END),
            Onset(10, 0.3, When(AT + 11 * H, None, None), END),
            Onset(12, 0.0, NEVER, NEVER),
        ),
        "impacts": (Impact("people.force_8", "people", PEOPLE),),
        "signals": (),
        "receipt": 1,
        "method": "",
    }
    return Assessment(**(given | changes))


def told(language="en", assessment=None, **changes):
    given = {
        "place_name": "Hải Phòng",
        "event_name": "Bão số 3 (Yagi)" if language == "vi" else "Typhoon Yagi",
        "level": 4,
        "level_name": "rất lớn" if language == "vi" else "very high",
        "language": language,
        "zone": LOCAL,
        "status": "Exercise",
        "lead": 8,
        "issued": AT + timedelta(minutes=22),
        "expires": AT + 24 * H,
        "sender": "Hải Đăng",
    }
    return facts(assessment or assessed(), **(given | changes))


@pytest.mark.parametrize(
    ("name", "en", "vi"),
    [
        ("force", "13", "13"),
        ("force_range", "12–14", "12–14"),
        ("force_full", "13 (range 12–14)", "13 (trong khoảng 12–14)"),
        ("wind_kmh", "135", "135"),
        ("level", "4", "4"),
        ("lead", "8", "8"),
        ("article", "42", "42"),
        ("clause", "Article 42(2)(b)", "điểm b khoản 2 Điều 42"),
        ("probability", "58%", "58%"),
        ("people", "1,380,000", "1.380.000"),
        ("people_range", "1,190,000–1,500,000", "1.190.000–1.500.000"),
        ("issued", "19:22 on 6 Sep (+07)", "19:22 ngày 06/09 (+07)"),
        ("expires", "19:00 on 7 Sep (+07)", "19:00 ngày 07/09 (+07)"),
        (
            "onset_lead",
            "between 05:00 and 09:00 on 7 Sep",
            "trong khoảng từ 05:00 đến 09:00 ngày 07/09",
        ),
        ("onset6", "under way", "đang diễn ra"),
        (
            "onset10",
            "possible from 06:00 on 7 Sep (chance below 50%)",
            "có thể từ 06:00 ngày 07/09 (khả năng dưới 50%)",
        ),
        ("onset12", "not expected", "không dự kiến xảy ra"),
        ("end12", "it is not expected to come", "gió này không dự kiến xuất hiện"),
        (
            "end8",
            "between 15:00 on 7 Sep and 01:00 on 8 Sep",
            "trong khoảng từ 15:00 ngày 07/09 đến 01:00 ngày 08/09",
        ),
        ("zone", "+07", "+07"),
        ("exercise", "EXERCISE", "DIỄN TẬP"),
    ],
)
def test_the_facts(name, en, vi):
    assert told("en")[name] == en
    assert told("vi")[name] == vi


@pytest.mark.parametrize("language", ["en", "vi", "fr"])
def test_every_fact_is_told_and_no_other(language):
    assert told(language).keys() == FACTS
    assert all(isinstance(v, str) for v in told(language).values())


def test_french_is_data_alone():
    assert told("fr")["people"] == "1\u202f380\u202f000"
    assert told("fr")["issued"] == "19h22 le 6 septembre (+07)"


def test_where_no_clause_decided_the_article_is_cited():
    below = dataclasses.replace(GROUNDS, level=0, clause="")
    assert told("vi", assessed(grounds=below))["clause"] == "Điều 42"
    nothing = dataclasses.replace(below, article="", decision="")
    assert told("en", assessed(grounds=nothing))["clause"] == "not known"


def test_unknown_people_are_never_zero():
    for impacts in ((), (Impact("people.force_8", "people", None),)):
        said = told("vi", assessed(impacts=impacts))
        assert said["people"] == said["people_range"] == said["people_full"] == "chưa rõ"
    assert (
        told("en", assessed(impacts=(Impact("people.force_8", "people", Interval(0, 0, 0)),)))[
            "people_full"
        ]
        == "0"
    )


def test_rain_and_surge_have_units_and_no_false_digits():
    wet = (
        Impact("rain.max_24h", "mm", Interval(56.6, 113.6, 1168.4)),
        Impact("surge.max", "m", Interval(0.04, 1.71, 3.17)),
    )
    assert told("en", assessed(impacts=wet))["rain"] == "60–1,170 mm"
    assert told("vi", assessed(impacts=wet))["surge"] == "0,0–3,2 m"
    assert told("en", assessed(impacts=wet))["surge"] == "0.0–3.2 m"
    inland = (Impact("rain.max_24h", "mm", Interval(20.0, 21.0, 22.0)),)
    assert told("en", assessed(impacts=inland))["rain"] == "20 mm"
    assert told("vi", assessed(impacts=inland))["surge"] == "chưa rõ"


def test_without_data_nothing_is_known_and_nothing_is_not_expected():
    said = told("en", assessed(state=State.NO_DATA, intensity=None))
    for name in ("force", "force_range", "wind_kmh", "onset8", "onset12", "end12", "onset_lead"):
        assert said[name] == "not known", name
    nan = Interval(float("nan"), 30.0, 40.0)
    assert told("en", assessed(intensity=nan))["force"] == "not known"
    assert told("en", assessed(onsets=()))["onset12"] == "not known"


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0%"),
        (0.001, "less than 1%"),
        (0.994, "99%"),
        (0.999, "more than 99%"),
        (1.0, "100%"),
        (None, "not known"),
    ],
)
def test_certainty_is_not_made_by_rounding(share, said):
    p = () if share is None else ((4, share),)
    assert told("en", assessed(p_level=p))["probability"] == said


@pytest.mark.parametrize(
    ("onset", "end", "begins", "ends"),
    [
        (When(AT + H, AT + H, AT + H), NEVER, "about 20:00 on 6 Sep", "not known"),
        (When(AT + H, AT + 2 * H, None), END, "from about 20:00 on 6 Sep", None),
        (
            When(AT - 9 * H, AT - 8 * H, AT),
            When(AT - 3 * H, AT - 2 * H, AT),
            "already over",
            "already over",
        ),
        (
            When(AT + 1.3 * H, AT + 1.5 * H, AT + 1.6 * H),
            END,
            "between 20:00 and 21:00 on 6 Sep",
            None,
        ),
    ],
)
def test_begin_and_end(onset, end, begins, ends):
    said = told("en", assessed(onsets=(Onset(8, 0.9, onset, end),)))
    assert said["onset8"] == begins
    if ends:
        assert said["end8"] == ends


def test_local_time_of_a_zone_with_half_an_hour():
    said = told("en", zone=timezone(timedelta(hours=5, minutes=30)))
    assert said["issued"] == "17:52 on 6 Sep (+05:30)"
    assert said["onset8"] == "between 03:00 and 08:00 on 7 Sep"  # never promised too late


@given(st.floats(0, 1e9))
def test_rounding_keeps_two_digits(count):
    assert abs(rounded(count) - count) <= max(1, 0.0500001 * count)
    assert rounded(count) <= max(count, round(count) if count < 1 else 0)  # never more than live
    assert rounded(rounded(count)) == rounded(count)


@given(st.floats(0, 90))
def test_force_is_the_one_of_the_scale(wind):
    said = told("en", assessed(intensity=Interval(wind, wind, wind)))
    assert said["force"] == said["force_full"] == str(int(beaufort(wind)))


# --- render -------------------------------------------------------------------------------------


def spec(headline="{place}", description="{force}", instruction="Go."):
    return MessageSpec(headline=headline, description=description, instruction=instruction)


def test_render_and_the_prefix():
    assert render(spec(), "en", told("en")) == Text("en", "EXERCISE. Hải Phòng", "13", "Go.")
    assert render(spec(), "vi", told("vi", status="Test")).headline == "THỬ NGHIỆM. Hải Phòng"
    assert render(spec(), "en", told("en", status="Actual")).headline == "Hải Phòng"
    own = spec(headline="{exercise}: {place}")
    assert render(own, "en", told("en")).headline == "EXERCISE: Hải Phòng"


@pytest.mark.parametrize("language", ["en", "vi", "fr"])
def test_only_the_real_thing_has_no_prefix(language):
    for status in Status.__args__:
        assert bool(prefix(status, language)) is (status != "Actual")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (spec(headline="{plaec}"), "warn.unfilled"),
        (spec(description="{force:>9}"), "warn.unfilled"),
        (spec(description="{force!r}"), "warn.unfilled"),
        (spec(description="{force.__class__}"), "warn.unfilled"),
        (spec(instruction="{}"), "warn.unfilled"),
        (spec(instruction="{place"), "warn.brace"),
        (spec(headline="x " * 79), "warn.headline_long"),
    ],
)
def test_what_cannot_be_said_is_refused(message, code):
    with pytest.raises(BadPack) as caught:
        render(message, "en", told("en"))
    assert [p.code for p in caught.value.problems] == [code]
    assert caught.value.say("vi")


def test_a_fact_that_is_missing_is_an_error():
    less = {k: v for k, v in told("en").items() if k not in {"force", "exercise"}}
    with pytest.raises(BadPack) as caught:
        render(spec(), "en", less)
    assert [p.params["name"] for p in caught.value.problems] == ["exercise", "force"]


def test_braces_in_a_name_are_text():
    assert render(spec(), "en", told("en", place_name="{force}")).headline == "EXERCISE. {force}"


def test_check_finds_it_before_the_storm():
    assert [p.code for p in check(spec("{plaec}"), "en", {})] == ["warn.unknown_field"]
    assert [p.code for p in check(spec("{place"), "en", {})] == ["warn.brace"]
    long = spec("Wind at {place}, {onset_lead}, {onset8}, {onset10}")
    assert [p.code for p in check(long, "en", {"place": "x" * 40})] == ["warn.headline_long"]
    assert check(spec(), "en", {"place": "x" * 40}) == ()


# --- the packs' own messages --------------------------------------------------------------------

ROOT = Path(haidang.__file__).parent
TOY = Path(__file__).parents[1] / "toy" / "countries"
FILES = sorted((*ROOT.glob("**/messages.*.yaml"), *TOY.glob("**/messages.*.yaml")))


def read(path):
    raw = yaml.safe_load(path.read_text("utf-8"))
    return {level: MessageSpec(**texts) for level, texts in raw.items()}


def pack_of(path: Path) -> dict[str, object]:
    """The threat that a file of messages belongs to."""
    packs = [r / "threats" / path.parent.name / "pack.yaml" for r in (ROOT, TOY.parent)]
    return yaml.safe_load(next(p for p in packs if p.is_file()).read_text("utf-8"))


def longest_name(pack: dict[str, object], language: str) -> str:
    """How a notice calls the event: the longest name of a storm, or the pack's own words."""
    called = pack["called"].get(language, pack["called"]["en"])
    if pack["watch"]["kind"] == "track":
        return "Áp thấp nhiệt đới trên Biển Đông"
    return called.format(name="Thừa Thiên Huế")


CASES = [
    pytest.param(
        path.name.split(".")[1], level, message, pack_of(path),
        id=f"{path.parents[2].name}-{path.parent.name}-{path.name}-{level}",
    )
    for path in FILES
    for level, message in read(path).items()
]  # fmt: skip
CONDITIONS = {
    "storm": assessed(),
    "blind": assessed(state=State.NO_DATA, intensity=None, onsets=(), impacts=(), p_level=()),
    "far": assessed(onsets=(Onset(8, 0.2, When(AT + 30 * H, None, None), END),)),
    "over": assessed(
        onsets=tuple(
            Onset(f, 1.0, When(AT - 9 * H, AT - 8 * H, AT), When(AT, AT - H, AT)) for f in (6, 8)
        )
    ),
}


def test_the_messages_are_there():
    levels = {f"{p.parents[2].name}/{p.name}": set(read(p)) for p in FILES}
    assert all(0 in found for found in levels.values()), levels
    assert {0, 1, 2, 3, 4, 5} in levels.values()  # true anywhere, so every scale
    assert len(levels) >= 3


@pytest.mark.parametrize(("language", "level", "message", "pack"), CASES)
def test_a_pack_s_message_passes_its_check(language, level, message, pack):
    known = {
        "place": "thành phố Hồ Chí Minh (vùng ven biển Cần Giờ)",
        "event_name": longest_name(pack, language),
        "level_name": "đặc biệt lớn, thảm họa",
    }
    assert check(message, language, known) == ()
    assert {"place", "event_name", "issued", "sender"} <= fields(message)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize(("language", "level", "message", "pack"), CASES)
def test_a_pack_s_message_reads_well_in_every_condition(language, level, message, pack, condition):
    said = told(language, CONDITIONS[condition], level=level)
    said["event_name"] = longest_name(pack, language)
    text = render(message, language, said)
    assert plain(text) == ()
    assert "+07" in text.description
    assert (
        re.search(r"\(\s*\)|: *\.|  |\bNone\b|\bnan\b", "\n".join(dataclasses.astuple(text)))
        is None
    )
    assert len(text.headline) <= HEADLINE_MAX


@pytest.mark.parametrize(("language", "level", "message", "pack"), CASES)
def test_the_all_clear_tells_that_it_is_about_wind(language, level, message, pack):
    if level == 0 and pack["watch"]["kind"] == "track":
        text = render(message, language, told(language)).description.lower()
        assert any(w in text for w in ("wind", "gió", "vent"))
        assert any(w in text for w in ("flood", "lũ", "crue"))


# --- the words ----------------------------------------------------------------------------------

MEANT = {
    "reason": {
        "place", "level", "before", "found", "confirmed", "quieter", "hold_h", "max_hold_h",
    },
    "occasion": {
        "place", "level", "before", "onset", "onset_before", "force", "force_before", "expires",
    },
    "kind": set(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("group", "values"),
    [
        ("reason", list(Reason)),
        ("occasion", list(Occasion)),
        ("kind", [k.lower() for k in MessageKind.__args__]),
    ],
)
def test_everything_that_happens_has_words(group, values):
    have = {k.removeprefix(f"warn.{group}_") for k in catalogue() if k.startswith(f"warn.{group}_")}
    assert have == {str(v) for v in values}
    for value in values:
        for language in ("vi", "en"):
            params = dict.fromkeys(MEANT[group], "7")
            assert word(f"warn.{group}_{value}", language, **params)


@pytest.mark.parametrize("key", [k for k in catalogue() if k.startswith(("warn.", "format."))])
def test_every_language_has_the_same_placeholders(key):
    names = {
        language: {n for _, n, _, _ in Formatter().parse(text) if n}
        for language, text in catalogue()[key].items()
    }
    assert {"vi", "en"} <= names.keys()
    assert len({frozenset(n) for n in names.values()}) == 1, names


def test_every_problem_raised_has_words():
    source = "".join(p.read_text("utf-8") for p in (ROOT / "warn").rglob("*.py"))
    codes = {f"warn.{c}" for c in re.findall(r'Problem\(\s*"warn\.(\w+)"', source)}
    codes |= {f"cap.{c}" for c in re.findall(r'_problem\(\s*"(\w+)"', source)}
    codes |= {f"cap.{c}" for c in re.findall(r'notes\.\w+\(\s*"(\w+)"', source)}
    codes |= {f"cap.{c}" for c in re.findall(r'_note\(\s*"(\w+)"', source)}
    codes |= {f"warn.{c}" for c in re.findall(r'_warning\(\s*"(\w+)"', source)}
    assert len(codes) > 100
    assert codes <= catalogue().keys()
