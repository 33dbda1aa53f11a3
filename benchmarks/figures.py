"""A measured figure beside its budget, and beside the least that anything of its kind costs on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`value`, `budget` and `baseline` in `unit`; `baseline_of` says what the baseline is of."""

    what: str
    value: float
    budget: float
    unit: str
    baseline: float
    baseline_of: str
    note: str = ""

    @property
    def within(self) -> bool:
        return self.value <= self.budget


def table(figures: Sequence[Figure]) -> str:
    """The figures as text, a line each."""
    heads = ("", "measured", "budget", "", "baseline", "")
    rows = [heads, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(figure: Figure) -> tuple[str, ...]:
    note = f" ({figure.note})" if figure.note else ""
    return (
        figure.what,
        f"{figure.value:.3g} {figure.unit}{note}",
        f"{figure.budget:g} {figure.unit}",
        "ok" if figure.within else "OVER",
        f"{figure.baseline:.3g} {figure.unit} {figure.baseline_of}",
        f"x {figure.value / figure.baseline:.1f}",
    )
