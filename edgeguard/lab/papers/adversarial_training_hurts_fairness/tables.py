"""The paper's tables and what its text says, ours beside it, from a results file; the standard library alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from edgeguard.lab.papers.adversarial_training_hurts_fairness.answer import differences, endless, subject_line
from edgeguard.lab.papers.adversarial_training_hurts_fairness.groups import by_group, mean_cell
from edgeguard.lab.papers.adversarial_training_hurts_fairness.measures import (
    ACCURACY,
    CAU,
    CRU_EPSILON,
    LUF,
    OTHER_SEED,
    ROBUST_ACCURACY,
    TRANSFERRED,
    cru_s,
    unfairness_of,
)
from edgeguard.lab.papers.adversarial_training_hurts_fairness.paper import PUBLISHED, TABLES
from edgeguard.lab.papers.beside import beside, differs, spread
from edgeguard.lab.papers.table import Table

Study = Mapping[str, Any]
Row = Mapping[str, Any]

MARK: Final = "≠"
PAPER_LEFT_OUT: Final = 100
PAPER_TESTED: Final = 10000
_HEADER: Final = ("ours", "paper", "ours − paper", "95 %, all seeds", "p, at most", "most and least")
_MARKED: Final = f"{MARK}: ours and the paper's differ by more than the spread over seeds and the paper's rounding."
_INTERVALS: Final = (
    "95 %: from the lowest to the highest end of each seed's interval over test samples. p: how often classes or "
    "groups that mean nothing would be so far apart, the largest over seeds."
)
_COUNTS: Final = (
    "LUF_t and LUF_l count predictions that change: LUF_t for a test sample, over nets; LUF_l for a net, over test "
    "samples. Verdicts that change: LUF_l as a share of them. 95 % is over test samples."
)


def text_table(study: Study) -> Table:
    """Accuracies, CAU and CRU_ε, as the paper's text has them."""
    names = (ACCURACY, ROBUST_ACCURACY, TRANSFERRED, CAU, CRU_EPSILON)
    note = (
        f"Robust accuracy: right all the way through PGD at ε = {study['radius']:g} on the net itself. The paper's "
        "robust nets are more often right on adversarial examples than on clean samples, which no attack on the net "
        "itself makes likely: it may have shown them the standard net's, so its figure stands beside both."
    )
    decimals = {name: 4 if name in {CAU, CRU_EPSILON} else 3 for name in names}  # as the paper has them
    return long_table(study, "text", names, decimals, 1.0, (note, *endless(study), *differences(study)))


def success_table(study: Study, table: str) -> Table:
    """Table I or II: CRU_s in percent."""
    names = [cru_s(epsilon) for epsilon in study["epsilons"]]
    note = "In percent. A sample that is wrong before it is attacked counts as one that the attack misleads."
    return long_table(study, table, names, dict.fromkeys(names, 2), 100.0, (note,))


def left_out_table(study: Study, table: str = "3") -> Table:
    """Table III: LUF, LUF_t and LUF_l, and the share of verdicts that change, with another seed's beside them."""
    counts = {net["left_out"]["left_out"] for row in study["rows"] for net in row["nets"] if "left_out" in net}
    tested = study["test_samples"]
    as_many = {"luf": counts == {PAPER_LEFT_OUT}, "luf_t": counts == {PAPER_LEFT_OUT}, "luf_l": tested == PAPER_TESTED}
    rows = []
    for row in (row for row in study["rows"] if LUF[0] in row["figures"]):
        for name, other, key, decimals in zip(LUF, OTHER_SEED, as_many, (4, 2, 1), strict=True):
            figure = row["figures"][name]
            cells = _paper_cells(figure if as_many[key] else {**figure, "paper": None}, decimals)
            ends, beside_it = _ends(_left_out(row, key), decimals), spread(row["figures"][other], decimals)
            rows.append((row["title"], name, *cells, ends, beside_it))
        changed, by_seed = (_share(row["figures"][name], tested) for name in (LUF[2], OTHER_SEED[2]))
        ends = _ends(_left_out(row, "luf_l"), 3, 1 / tested)
        rows.append((row["title"], "verdicts that change", *_paper_cells(changed, 3), ends, spread(by_seed)))
    header = ("net", "figure", *_HEADER[:4], "same data, other seed")
    return Table(_title(study, table), header, tuple(rows), tuple(_left_out_notes(counts, tested, as_many.values())))


def _left_out_notes(counts: Collection[int], tested: int, as_many: Iterable[bool]) -> Iterable[str]:
    """What was trained and counted, and where the paper's figures are of another size."""
    yield _MARKED
    yield (
        f"{', '.join(map(str, sorted(counts)))} nets, each trained without one sample and with the seed of the one "
        "trained on all; beside them as many that differ by their seed alone. Where the two are alike, it is not the "
        "sample that makes the difference. All are trained for all epochs; a sample leaves with its copies and its "
        "adversarial example."
    )
    yield _COUNTS
    if not all(as_many):
        yield (
            f"LUF and LUF_t grow with the number of nets, of which the paper has {PAPER_LEFT_OUT}, LUF_l with the test "
            f"samples, of which it has {PAPER_TESTED} and we {tested}: the paper's stand where there are as many."
        )


def _left_out(row: Row, key: str) -> list[Mapping[str, Any]]:
    return [net["left_out"]["without_one"]["over_test"][key] for net in row["nets"]]


def _share(figure: Mapping[str, Any], tested: int) -> dict[str, Any]:
    """LUF_l as a share of the test samples; that of the paper's of its own."""
    paper = None if figure["paper"] is None else figure["paper"] / PAPER_TESTED
    return beside([value / tested for value in figure["ours"]["values"]], paper)


def confidence_table(study: Study, table: str) -> Table:
    """Table IV or V: mean confidence in the second class by group and true class, ours and the paper's."""
    attribute = {"4": "sex", "5": "race"}[table]
    sizes = {truth: _sizes(study, attribute, truth) for truth in study["classes"]}
    values = list(next(iter(sizes.values())))
    rows = [
        line
        for row in study["rows"]
        for truth in study["classes"]
        for line in _confidences(row, attribute, truth, values)
    ]
    notes = [
        f"Mean confidence that the income is {study['classes'][-1]}. Test samples: "
        + "; ".join(f"{truth}: {', '.join(f'{v} {n:.0f}' for v, n in found.items())}" for truth, found in sizes.items())
        + "."
    ]
    if table == "4":
        notes.append("The paper's Table IV is lost in the text that we have, which says only that women's are lower.")
    return Table(_title(study, table), ("net", "true class", "whose", *values), tuple(rows), tuple(notes))


def paper_table(study: Study, table: str) -> Table:
    """One of the paper's tables for one study, by its key."""
    if table == "text":
        return text_table(study)
    if table in {"1", "2"}:
        return success_table(study, table)
    return left_out_table(study) if table == "3" else confidence_table(study, table)


def long_table(
    study: Study,
    table: str,
    names: Sequence[str],
    decimals: Mapping[str, int],
    scale: float,
    notes: Sequence[str],
) -> Table:
    """A line for each net and figure."""
    rows = [
        (
            row["title"],
            name,
            *_paper_cells(row["figures"][name], decimals[name], scale),
            *_chance(row, name, decimals[name], scale),
        )
        for row in study["rows"]
        for name in names
        if name in row["figures"]
    ]
    return Table(_title(study, table), ("net", "figure", *_HEADER), tuple(rows), (*notes, _MARKED, _INTERVALS))


def _title(study: Study, table: str) -> str:
    return f"{TABLES[table].title}, {subject_line(study)}"


def _paper_cells(figure: Mapping[str, Any], decimals: int, scale: float = 1.0) -> tuple[str, str, str]:
    ours = spread(figure, decimals, scale)
    if figure["paper"] is None:
        return ours, "–", "–"
    mark = f" {MARK}" if differs(figure, 0.5 * 10.0**-decimals / scale) else ""
    return ours, f"{scale * figure['paper']:.{decimals}f}", f"{scale * figure['difference']:+.{decimals}f}{mark}"


def _chance(row: Row, name: str, decimals: int, scale: float) -> tuple[str, str, str]:
    """Interval, p-value and the two worst groups of a gap; dashes for what is none."""
    gaps = [found[name] for found in map(unfairness_of, row["nets"]) if name in found]
    defined = [gap for gap in gaps if gap["value"] is not None]
    if not defined:
        return "–", "–", "–"
    pairs = list(dict.fromkeys(f"{gap['highest']}, {gap['lowest']}" for gap in defined))
    return _ends(defined, decimals, scale), f"{max(gap['p_value'] for gap in defined):.3f}", " / ".join(pairs)


def _ends(found: Sequence[Mapping[str, Any]], decimals: int, scale: float = 1.0) -> str:
    low, high = [one["low"] for one in found], [one["high"] for one in found]
    if None in low or None in high:
        return "–"
    return f"{scale * min(low):.{decimals}f} to {scale * max(high):.{decimals}f}"


def _confidences(row: Row, attribute: str, truth: str, values: Sequence[str]) -> Iterable[tuple[str, ...]]:
    ours = by_group(row, lambda net: net["clean"]["groups"][attribute]["confidence"][truth])
    yield row["title"], truth, "ours", *(mean_cell(ours.get(value), 3) for value in values)
    published = PUBLISHED["adult"].get(row["row"])
    paper = published.confidences.get((attribute, truth), {}) if published else {}
    if paper:
        yield row["title"], truth, "paper", *(f"{paper[v]:.3f}" if v in paper else "–" for v in values)


def _sizes(study: Study, attribute: str, truth: str) -> dict[str, float]:
    groups = study["rows"][0]["nets"][0]["clean"]["groups"][attribute]["confidence"][truth]["groups"]
    return {value: group["count"] for value, group in groups.items()}
