"""The tables of this paper as text, from the figures of a results file; the standard library alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from edgeguard.lab.papers.beside import differs, spread
from edgeguard.lab.papers.early_exit_ensembles.paper import CLEAN, COLUMNS, ROWS, TABLES, UPPER_COST
from edgeguard.lab.papers.table import Table

Study = Mapping[str, Any]
MARK: Final = "≠"


def side_by_side(study: Study, name: str) -> Table:
    """One of the paper's tables for one recipe: a line for each net and attack."""
    table = TABLES[name]
    published = any(cell["f1"]["paper"] is not None for row in study["rows"] for cell in row["attacks"])
    header = ["F1", "paper", "ours − paper", "ECE", "paper", "ours − paper"] if published else ["F1", "ECE"]
    rows = [
        (row["title"], COLUMNS[key].title, *_cells(at_epsilon(row, key, study["epsilon"]), published))
        for row in study["rows"]
        if row["row"] in table.rows
        for key in table.columns
        if ROWS[row["row"]].exits or not COLUMNS[key].of_exits
    ]
    title = f"{table.title}, {study['title']}, scale {study['scale']}"
    return Table(title, ("mitigation", "attack", *header), tuple(rows), tuple(_notes(study, published)))


def at_epsilon(row: Mapping[str, Any], key: str, epsilon: float) -> Mapping[str, Any] | None:
    """What was measured of a net on clean windows, or under an attack at ε; None where it was not."""
    wanted = (key, None if key == CLEAN else epsilon)
    return next((cell for cell in row["attacks"] if (cell["attack"], cell["epsilon"]) == wanted), None)


def curves(study: Study) -> list[Table]:
    """F1 of every net over ε, a table for each attack that was made at more than one."""
    found = []
    for key in (key for key in COLUMNS if key != CLEAN):
        rows = [row for row in study["rows"] if len(over_epsilon(row, key)) > 2]
        if rows:
            lines = zip(*(over_epsilon(row, key) for row in rows), strict=True)
            cells = tuple((f"{line[0][0]:g}", *(spread(f1) for _, f1 in line)) for line in lines)
            title = f"F1 under {COLUMNS[key].title} over ε, {study['title']}"
            header = (f"ε of {COLUMNS[key].title}", *(row["title"] for row in rows))
            found.append(Table(title, header, cells, (_chosen(study),)))
    return found


def over_epsilon(row: Mapping[str, Any], key: str) -> list[tuple[float, Mapping[str, Any]]]:
    """(ε, F1 beside the paper's) of a net under one attack, clean windows as ε = 0."""
    return [(cell["epsilon"] or 0.0, cell["f1"]) for cell in row["attacks"] if cell["attack"] in {CLEAN, key}]


def cost_table(network: Mapping[str, Any]) -> Table:
    """What exits add to one network, beside what the paper says for its worst case."""
    rows = tuple(
        (title, _number(network["backbone"][key]), _number(network["early_exit"][key]), f"{100 * added:+.1f} %", limit)
        for title, key, limit in (
            ("parameters", "parameters", "–"),
            ("bytes of weights", "weight_bytes", f"{100 * UPPER_COST['memory']:.0f} %"),
            ("bytes of activations alive at once", "activation_bytes", "–"),
            ("FLOPs", "flops", f"{100 * UPPER_COST['compute']:.0f} %"),
            ("µs in onnxruntime, one thread", "onnxruntime_us", "–"),
        )
        for added in (network["added_share"][key],)
    )
    window = " × ".join(map(str, network["window"]))
    header = (f"1 window of {window}", "backbone", f"with {network['exits']} exits", "added", "paper, VGG16: at most")
    return Table(f"What exits add to {network['title']}", header, rows)


def _cells(cell: Mapping[str, Any] | None, published: bool) -> Iterable[str]:
    if cell is None:
        return ["not run", *["–"] * (5 if published else 1)]
    figures = [cell[name] for name in ("f1", "ece")]
    return [text for figure in figures for text in (_beside(figure) if published else [spread(figure)])]


def _beside(figure: Mapping[str, Any]) -> list[str]:
    if figure["paper"] is None:
        return [spread(figure), "–", "–"]
    mark = f" {MARK}" if differs(figure) else ""
    return [spread(figure), f"{figure['paper']:.2f}", f"{figure['difference']:+.3f}{mark}"]


def _notes(study: Study, published: bool) -> Iterable[str]:
    yield _chosen(study)
    if otherwise := study.get("otherwise"):
        yield otherwise
    if published:
        yield f"{MARK}: ours and the paper's differ by more than the spread over seeds and the paper's rounding."
    yield from (f"Warning: {warning}." for warning in study["warnings"])


def _chosen(study: Study) -> str:
    return (
        f"ε* = {study['epsilon']:g} ({study['units']}): the radius of the grid where undefended nets' F1 under PGD, "
        f"{spread(study['epsilon_f1'])}, is nearest {study['epsilon_aim_f1']:.2f}."
    )


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"
