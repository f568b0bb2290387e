"""The detectors: one method, one file; named for the method, never for a threat."""

from __future__ import annotations

from typing import Final

from haidang.watch.detectors import (
    bayes,
    combined,
    cusum,
    ears,
    endemic,
    farrington,
    glr,
    outbreakp,
    rki,
    scan,
)
from haidang.watch.method import Method

METHODS: Final[dict[str, Method]] = {
    m.name: m
    for m in (
        ears.C1,
        ears.C2,
        ears.C3,
        farrington.ORIGINAL,
        farrington.FLEXIBLE,
        bayes.BAYES,
        rki.RKI,
        outbreakp.OUTBREAKP,
        cusum.CUSUM,
        glr.POISSON,
        glr.NEGBIN,
        endemic.CHANNEL,
        endemic.PERCENTILE,
        combined.COMBINED,
        scan.PERMUTATION,
        scan.POISSON,
    )
}
"""Every method by the name that a user writes."""
