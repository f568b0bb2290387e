"""Every value on the page of hazard models is what the program gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from haidang.risk.earthquake_damage import INDEX, mean_grade, share_by_grade
from haidang.risk.flood_damage import ASIA
from haidang.risk.hazards.cyclone_rain import rain_rate
from haidang.risk.hazards.earthquake import MODELS, rupture_length, shaking
from haidang.risk.hazards.earthquake_motion import PGA, PGV, ln_median, phi, tau
from haidang.risk.hazards.macroseismic import (
    allen_2012,
    allen_2012_sigma,
    mmi_of_acceleration,
    mmi_of_velocity,
)
from haidang.risk.hazards.surge import along
from haidang.risk.vulnerability import V_HALF_BY

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "hazards.md"
KNOT = 1852 / 3600


def cell(value: float, digits: int) -> str:
    """Significant digits, as the tables of the reference print them."""
    return f"{value:.{digits}g}"


def motion() -> list[str]:
    rows = []
    for m, r, v, ref_pgv, ref_pga in (
        (3, 100, 200, "0.00262126", "8.58415e-05"),
        (5, 20, 250, "2.20568", "0.0517414"),
        (6, 20, 760, "5.25575", "0.0953544"),
        (7, 0, 200, "68.3587", "0.459567"),
        (7, 75, 600, "4.03757", "0.0453162"),
    ):
        pgv, pga = (float(np.exp(ln_median(m, r, v, k))) for k in (PGV, PGA))
        assert pgv == pytest.approx(float(ref_pgv), rel=5e-6)
        assert pga == pytest.approx(float(ref_pga), rel=5e-6)
        rows.append(
            f"| {m} | {r} | {v} | {ref_pgv} | {cell(pgv, 6)} | {ref_pga} | {cell(pga, 6)} |"
        )
    return rows


def scatter() -> list[str]:
    rows = []
    for m, r, v, ref in ((3, 0, 250, "0.5933"), (3, 100, 760, "0.644"), (5, 50, 600, "0.598")):
        rows.append(f"| within, PGV | {m} | {r} | {v} | {ref} | {float(phi(m, r, v, PGV)):.4f} |")
    for m, ref in ((3, "0.401"), (5, "0.3735")):
        rows.append(f"| between, PGV | {m} | | | {ref} | {float(tau(m, PGV)):.4f} |")
    return rows


def intensity() -> list[str]:
    rows = []
    for m, r, ref, sigma in (
        (5, 10, "5.9736099", "1.1307441"),
        (5, 100, "2.8223814", "0.8384363"),
        (6, 50, "5.1603881", "0.8841552"),
        (7, 300, "4.2223319", "0.8221434"),
    ):
        here, spread = float(allen_2012(m, r)), float(allen_2012_sigma(r))
        rows.append(f"| {m} | {r} | {ref} | {here:.7f} | {sigma} | {spread:.7f} |")
    return rows


def worden() -> list[str]:
    return [
        f"| 100 cm/s² | 5.80 | {float(mmi_of_acceleration(1.0)):.2f} |",
        f"| 10 cm/s | 6.05 | {float(mmi_of_velocity(0.1)):.2f} |",
        f"| 1 cm/s, magnitude 6 | 3.60 | {float(mmi_of_velocity(0.01, 6.0)):.2f} |",
    ]


def felt() -> list[str]:
    rows = []
    for name, m, depth in (
        ("Tuần Giáo 1983, 6.7", 6.7, 10),
        ("Mộc Châu 2020, 5.3", 5.3, 14),
    ):
        for model in MODELS:
            found = shaking(m, depth, 21, 104, [21.0], [104.0], members=4000, seed=1, model=model)
            low, middle, high = np.quantile(found[:, 0], [0.1, 0.5, 0.9])
            rows.append(f"| {name} | `{model}` | {low:.1f} | {middle:.1f} | {high:.1f} |")
    return rows


def rain() -> list[str]:
    v = 68 * KNOT
    return [
        f"| {name} | {want} | {float(rain_rate(r, v)):.3f} |"
        for name, r, want in (
            ("at the centre", 0.0, "6.82 in/day = 7.218 mm/h"),
            ("at rm = 38.5 km", 38.5, "8.00 in/day = 8.467 mm/h"),
            ("one re = 118 km farther", 156.5, "8.00/e in/day = 3.115 mm/h"),
        )
    ]


def setup() -> list[str]:
    h0, slope, tau_ = 42.0, 0.00084, 6.54976
    x = np.linspace(0.0, h0 / slope, 2001)
    eta = 0.0
    for a, b in zip(x[:-1], x[1:], strict=True):  # noqa: RUF007
        eta = along(eta, tau_, h0 * (1 - slope * (a + b) / 2 / h0), b - a)
    return [f"| 42 m falling by 0.00084, 6.55 N/m² (40 m/s) | 3.032 m | {eta:.3f} m |"]


def damage() -> list[str]:
    ems = share_by_grade(mean_grade(8, INDEX["B"]))
    return [
        f"| Eberenz et al. (2021), WP1 | {V_HALF_BY['WP1']['TDR1.5']} m/s (TDR 1.5) |",
        f"| JRC Asia, dwellings in 1 m of water | {ASIA['residential'][2]:.4f} |",
        f"| Macroseismic, class B at VIII, grade 3 | {100 * ems[3]:.0f} % |",
    ]


def lengths() -> list[str]:
    return [f"| {m} | {float(rupture_length(m)):.1f} km |" for m in (6, 7)]


@pytest.mark.parametrize(
    "rows", [motion, scatter, intensity, worden, felt, rain, setup, damage, lengths]
)
def test_the_page_has_what_the_program_gives(rows):
    text = PAGE.read_text("utf-8")
    for row in rows():
        assert row in text
