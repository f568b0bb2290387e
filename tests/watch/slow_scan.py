"""The scan statistic as the papers say it: every circle, every span, one after the other. Slow."""

from __future__ import annotations

import math

import numpy as np


def ratio(c: float, e: float, total: float) -> float:
    if c <= e:
        return 0.0
    rest = (total - c) * math.log((total - c) / (total - e)) if total > c else 0.0
    return c * math.log(c / e) + rest


def cylinders(distance, share, max_share, max_km, spans):
    """Every ``(centre, places, (first, after))`` that is allowed."""
    n = len(distance)
    for i in range(n):
        for radius in sorted(set(distance[i])):
            inside = [j for j in range(n) if distance[i][j] <= radius]
            if radius > max_km or sum(share[j] for j in inside) > max_share + 1e-12:
                break
            for span in spans:
                yield i, inside, span


def spans_of(rows, longest, prospective):
    """Short ones first."""
    found = [(a, b) for b in range(1, rows + 1) for a in range(b) if b - a <= longest]
    return sorted((s for s in found if s[1] == rows or not prospective), key=lambda s: s[1] - s[0])


def best(counts, expected, distance, *, max_share, max_km, spans, least):
    """By centre the best ``(ratio, places, span, cases, expected)``; None where there is none."""
    total = float(np.nansum(counts))
    share = expected.sum(axis=1) / expected.sum()
    found = [None] * len(counts)
    for i, inside, (a, b) in cylinders(distance, share, max_share, max_km, spans):
        c = float(np.nansum(counts[inside, a:b]))
        e = float(expected[inside, a:b].sum())
        r = ratio(c, e, total)
        if c >= least and r > 0 and (found[i] is None or r > found[i][0] + 1e-9):
            found[i] = (r, frozenset(inside), (a, b), int(c), e)
    return found
