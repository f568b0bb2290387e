"""The judgement of a polygon as one compiled pass; `outline` is its slow twin and says the meaning.

Worth its compilation (seconds, once per machine) only where thousands of polygons come: `warm` of
the other module loads it. Bits and results are those of `outline.Outline`.
"""

from __future__ import annotations

# ruff: noqa: PLR2004 - characters, degrees and flags are what `outline` says they are
import numba as nb
import numpy as np
from numpy.typing import NDArray


@nb.njit(cache=True, nogil=True)
def judge_bytes(  # noqa: C901, PLR0912, PLR0915 - one kernel: a call costs more than a polygon
    raw: NDArray[np.uint8], limit: int, budget: int
) -> tuple[int, int, int, int, int, float, float, float, float, int]:
    """`outline.judge` of UTF-8 bytes."""
    size = raw.size
    room = size // 4 + 1
    y = np.empty(room)
    x = np.empty(room)
    count, i = 0, 0
    whole = True
    while True:
        while i < size and (raw[i] == 32 or 9 <= raw[i] <= 10 or raw[i] == 13):
            i += 1
        if i == size:
            break
        if count == room:
            return 1, count, i, -1, -1, 0.0, 0.0, 0.0, 0.0, 0
        for part in range(2):
            if part == 1:
                if i == size or raw[i] != 44:
                    return 1, count, i, -1, -1, 0.0, 0.0, 0.0, 0.0, 0
                i += 1
            sign = 1.0
            if i < size and (raw[i] == 45 or raw[i] == 43):
                if raw[i] == 45:
                    sign = -1.0
                i += 1
            value, digits, decimals, dot = 0.0, 0, 0, False
            while i < size:
                c = raw[i]
                if 48 <= c <= 57:
                    digits += 1
                    if decimals < 7 or not dot:
                        value = value * 10.0 + (c - 48)
                        if dot:
                            decimals += 1
                    else:
                        # Finer than a centimetre: a fraction of the unit, no longer whole.
                        decimals += 1
                        if decimals < 17:
                            value += (c - 48) * 10.0 ** (7 - decimals)
                        if c != 48:
                            whole = False
                    i += 1
                elif c == 46 and not dot:
                    dot = True
                    i += 1
                else:
                    break
            if digits == 0:
                return 1, count, i, -1, -1, 0.0, 0.0, 0.0, 0.0, 0
            while decimals < 7:
                value *= 10.0
                decimals += 1
            if part == 0:
                y[count] = sign * value
            else:
                x[count] = sign * value
        if i < size and not (raw[i] == 32 or 9 <= raw[i] <= 10 or raw[i] == 13):
            return 1, count, i, -1, -1, 0.0, 0.0, 0.0, 0.0, 0
        count += 1
    if count == 0:
        return 1, 0, 0, -1, -1, 0.0, 0.0, 0.0, 0.0, 0

    flags, at = 0, -1
    south, north, west, east = y[0], y[0], x[0], x[0]
    for k in range(count):
        south, north = min(south, y[k]), max(north, y[k])
        west, east = min(west, x[k]), max(east, x[k])
        if abs(y[k]) > 90e7 or abs(x[k]) > 180e7:
            flags |= 8
            if at < 0:
                at = k
    box = (south / 1e7, west / 1e7, north / 1e7, east / 1e7)
    if count < 4:
        flags |= 2
    if y[0] != y[count - 1] or x[0] != x[count - 1]:
        flags |= 4
        if at < 0:
            at = count - 1
    if flags:
        return flags, count, at, -1, -1, box[0], box[1], box[2], box[3], 0
    for k in range(count - 1):
        if abs(x[k + 1] - x[k]) > 180e7 and not (abs(x[k]) == 180e7 and abs(x[k + 1]) == 180e7):
            return 16, count, k, -1, -1, box[0], box[1], box[2], box[3], 0
    if count > limit:
        return 256, count, -1, -1, -1, box[0], box[1], box[2], box[3], 0

    # Points that repeat make no edge; number the edges by the point they begin at.
    n = 0
    where = np.empty(count, np.int64)
    for k in range(count):
        if n == 0 or y[k] != y[n - 1] or x[k] != x[n - 1]:
            y[n], x[n], where[n] = y[k], x[k], k
            n += 1
    edges = n - 1
    if edges < 3:
        return 128, count, -1, -1, -1, box[0], box[1], box[2], box[3], 0
    slack = 0.0 if whole else 1e-6

    area = 0.0
    longest = max(north - south, east - west)
    for k in range(edges):
        area += (x[k] - x[0]) * (y[k + 1] - y[0]) - (x[k + 1] - x[0]) * (y[k] - y[0])
    if abs(area) <= 1e-12 * longest * longest:
        flags |= 128

    # A tree of boxes over runs of edges: what is far apart along the outline is met in few steps.
    leaves = 1
    while leaves * 8 < edges:
        leaves *= 2
    bs = np.full(2 * leaves, np.inf)
    bw = np.full(2 * leaves, np.inf)
    bn = np.full(2 * leaves, -np.inf)
    be = np.full(2 * leaves, -np.inf)
    for e in range(edges):
        leaf = leaves + e // 8
        bs[leaf] = min(bs[leaf], y[e], y[e + 1])
        bn[leaf] = max(bn[leaf], y[e], y[e + 1])
        bw[leaf] = min(bw[leaf], x[e], x[e + 1])
        be[leaf] = max(be[leaf], x[e], x[e + 1])
    for node in range(leaves - 1, 0, -1):
        bs[node] = min(bs[2 * node], bs[2 * node + 1])
        bn[node] = max(bn[2 * node], bn[2 * node + 1])
        bw[node] = min(bw[2 * node], bw[2 * node + 1])
        be[node] = max(be[2 * node], be[2 * node + 1])

    stack = np.empty((256, 2), np.int64)
    stack[0, 0], stack[0, 1] = 1, 1
    top, looked = 1, 0
    touch_a, touch_b = -1, -1
    while top:
        top -= 1
        a, b = stack[top, 0], stack[top, 1]
        if a == b:
            if a < leaves:
                for u, v in ((2 * a, 2 * a), (2 * a + 1, 2 * a + 1), (2 * a, 2 * a + 1)):
                    stack[top, 0], stack[top, 1] = u, v
                    top += 1
                continue
        elif bs[a] > bn[b] or bs[b] > bn[a] or bw[a] > be[b] or bw[b] > be[a]:
            continue
        elif a < leaves:
            for u, v in (
                (2 * a, 2 * b), (2 * a, 2 * b + 1), (2 * a + 1, 2 * b), (2 * a + 1, 2 * b + 1),
            ):  # fmt: skip
                stack[top, 0], stack[top, 1] = u, v
                top += 1
            continue
        begin_a, begin_b = (a - leaves) * 8, (b - leaves) * 8
        end_a, end_b = min(begin_a + 8, edges), min(begin_b + 8, edges)
        if begin_a >= edges or begin_b >= edges:
            continue
        if end_a - begin_a > 0 and a != b:
            looked += ((end_a - begin_a) * (end_b - begin_b)) // 8
        if looked > budget:
            flags |= 256
            break
        for e in range(begin_a, end_a):
            ay, ax, by, bx = y[e], x[e], y[e + 1], x[e + 1]
            for f in range(max(begin_b, e + 1) if a == b else begin_b, end_b):
                cy, cx, dy, dx = y[f], x[f], y[f + 1], x[f + 1]
                if (
                    min(cy, dy) > max(ay, by) or max(cy, dy) < min(ay, by)
                    or min(cx, dx) > max(ax, bx) or max(cx, dx) < min(ax, bx)
                ):  # fmt: skip
                    continue
                p, q = (bx - ax) * (cy - ay), (by - ay) * (cx - ax)
                reach = abs(bx - ax) + abs(by - ay)
                o1 = p - q
                if abs(o1) <= 4e-16 * (abs(p) + abs(q)) + slack * (
                    reach + abs(cx - ax) + abs(cy - ay)
                ):
                    o1 = 0.0
                p, q = (bx - ax) * (dy - ay), (by - ay) * (dx - ax)
                o2 = p - q
                if abs(o2) <= 4e-16 * (abs(p) + abs(q)) + slack * (
                    reach + abs(dx - ax) + abs(dy - ay)
                ):
                    o2 = 0.0
                near = f == e + 1 or (e == 0 and f == edges - 1)
                if near:
                    # Neighbours share a point; they overlap only where one runs back on the other.
                    back = (bx - ax) * (dx - cx) + (by - ay) * (dy - cy) < 0.0
                    if back and o1 == 0.0 and o2 == 0.0 and touch_a < 0:
                        touch_a, touch_b = e, f
                    continue
                if (o1 > 0.0 and o2 > 0.0) or (o1 < 0.0 and o2 < 0.0):
                    continue
                reach = abs(dx - cx) + abs(dy - cy)
                p, q = (dx - cx) * (ay - cy), (dy - cy) * (ax - cx)
                o3 = p - q
                if abs(o3) <= 4e-16 * (abs(p) + abs(q)) + slack * (
                    reach + abs(ax - cx) + abs(ay - cy)
                ):
                    o3 = 0.0
                p, q = (dx - cx) * (by - cy), (dy - cy) * (bx - cx)
                o4 = p - q
                if abs(o4) <= 4e-16 * (abs(p) + abs(q)) + slack * (
                    reach + abs(bx - cx) + abs(by - cy)
                ):
                    o4 = 0.0
                if (o3 > 0.0 and o4 > 0.0) or (o3 < 0.0 and o4 < 0.0):
                    continue
                if o1 != 0.0 and o2 != 0.0 and o3 != 0.0 and o4 != 0.0:
                    return (
                        flags | 32,
                        count,
                        -1,
                        where[e],
                        where[f],
                        box[0],
                        box[1],
                        box[2],
                        box[3],
                        looked,
                    )
                if touch_a < 0:
                    touch_a, touch_b = e, f
    if touch_a >= 0 and not flags & 128:
        flags |= 64
    if touch_a >= 0:
        touch_a, touch_b = where[touch_a], where[touch_b]
    return flags, count, -1, touch_a, touch_b, box[0], box[1], box[2], box[3], looked
