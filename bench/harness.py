"""Interleaved timing: rounds of all variants in turn, so that a slow minute of the machine hits each alike."""

import json
import math
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is ours to limit for times, and ours to limit for rates."""

    name: str
    ours: float | None
    peer: float | None
    limit: float | None
    ratio: float | None
    unit: str
    target: str = ""
    holds: bool | None = None
    spread: str = ""


def interleave(
    variants: Mapping[str, Callable[[], object]], *, rounds: int = ROUNDS, inner: int = 1
) -> dict[str, list[float]]:
    """Return seconds per call of each variant: one warm-up each, then `rounds` rounds of `inner` calls in turn."""
    for body in variants.values():
        body()
    times: dict[str, list[float]] = {name: [] for name in variants}
    for _round in range(rounds):
        for name, body in variants.items():
            started = time.perf_counter()
            for _call in range(inner):
                body()
            times[name].append((time.perf_counter() - started) / inner)
    return times


def median(values: list[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def interval(values: list[float]) -> tuple[float, float]:
    """Return a distribution-free 95 % interval of the median (order statistics of the binomial)."""
    ordered, count = sorted(values), len(values)
    half = 0.98 * math.sqrt(count)
    low = max(0, math.floor(count / 2 - half))
    high = min(count - 1, math.ceil(count / 2 + half) - 1)
    return ordered[low], ordered[high]


def paired_ratio(ours: list[float], limit: list[float]) -> float:
    """Return the median of the per-round ratios."""
    return statistics.median(a / b for a, b in zip(ours, limit, strict=True))


def compare(
    name: str,
    times: Mapping[str, list[float]],
    *,
    unit: str = "ms",
    target: str = "",
    holds: Callable[[float, float], bool] | None = None,
) -> Figure:
    """Return the figure of `ours` against `limit`; `holds(ours in ms, ratio)` tells whether the target is met."""
    ours = median(times["ours"]) * 1000
    limit = median(times["limit"]) * 1000 if "limit" in times else None
    ratio = paired_ratio(times["ours"], times["limit"]) if "limit" in times else None
    low, high = interval(times["ours"])
    return Figure(
        name=name,
        ours=round(ours, 3),
        peer=None,
        limit=round(limit, 3) if limit is not None else None,
        ratio=round(ratio, 3) if ratio is not None else None,
        unit=unit,
        target=target,
        holds=holds(ours, ratio or 0.0) if holds else None,
        spread=f"{low * 1000:.2f}–{high * 1000:.2f}",
    )


def count(name: str, value: float, *, unit: str, target: str = "", most: float | None = None) -> Figure:
    """Return an exact count with its cap."""
    return Figure(
        name=name,
        ours=value,
        peer=None,
        limit=most,
        ratio=round(value / most, 3) if most else None,
        unit=unit,
        target=target,
        holds=None if most is None else value <= most,
    )


def show(figures: list[Figure]) -> str:
    """Return the table as text."""
    rows = [("row", "ours", "95 %", "limit", "ratio", "unit", "target", "holds")]
    for figure in figures:
        verdict = {None: "", True: "yes", False: "NO"}[figure.holds]
        cells = [
            figure.name,
            figure.ours,
            figure.spread,
            figure.limit,
            figure.ratio,
            figure.unit,
            figure.target,
            verdict,
        ]
        rows.append(
            tuple(
                "" if cell is None else f"{cell:g}" if isinstance(cell, float) else str(cell)
                for cell in cells
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def write(figures: list[Figure], path: Path) -> None:
    """Write the figures as JSON for programs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False) + "\n")
