"""Adult (Becker & Kohavi 1996, UCI): does a person earn more than 50 000 dollars a year, by the census of 1994?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data.dataset import Dataset, Labels, Split, held_out
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import files_sha256
from edgeguard.registry import near_match
from edgeguard.signals.inputs import TableSpec

Encoding = Literal["codes", "one_hot"]
Scaling = Literal["none", "standard", "unit"]

CLASSES: Final = ("<=50K", ">50K")
GROUPS: Final = ("sex", "race")
# the attributes in the files' order; the discrete ones with their values, whose numbers are their codes
ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "age": (),
    "workclass": (
        *("Federal-gov", "Local-gov", "Private", "Self-emp-inc", "Self-emp-not-inc", "State-gov", "Without-pay"),
        "Never-worked",  # always with a missing occupation, so in no row that is taken
    ),
    "fnlwgt": (),
    "education": (
        *("10th", "11th", "12th", "1st-4th", "5th-6th", "7th-8th", "9th", "Assoc-acdm", "Assoc-voc", "Bachelors"),
        *("Doctorate", "HS-grad", "Masters", "Preschool", "Prof-school", "Some-college"),
    ),
    "education-num": (),
    "marital-status": (
        *("Divorced", "Married-AF-spouse", "Married-civ-spouse", "Married-spouse-absent", "Never-married"),
        *("Separated", "Widowed"),
    ),
    "occupation": (
        *("Adm-clerical", "Armed-Forces", "Craft-repair", "Exec-managerial", "Farming-fishing", "Handlers-cleaners"),
        *("Machine-op-inspct", "Other-service", "Priv-house-serv", "Prof-specialty", "Protective-serv", "Sales"),
        *("Tech-support", "Transport-moving"),
    ),
    "relationship": ("Husband", "Not-in-family", "Other-relative", "Own-child", "Unmarried", "Wife"),
    "race": ("Amer-Indian-Eskimo", "Asian-Pac-Islander", "Black", "Other", "White"),
    "sex": ("Female", "Male"),
    "capital-gain": (),
    "capital-loss": (),
    "hours-per-week": (),
    "native-country": (
        *("Cambodia", "Canada", "China", "Columbia", "Cuba", "Dominican-Republic", "Ecuador", "El-Salvador"),
        *("England", "France", "Germany", "Greece", "Guatemala", "Haiti", "Holand-Netherlands", "Honduras", "Hong"),
        *("Hungary", "India", "Iran", "Ireland", "Italy", "Jamaica", "Japan", "Laos", "Mexico", "Nicaragua"),
        *("Outlying-US(Guam-USVI-etc)", "Peru", "Philippines", "Poland", "Portugal", "Puerto-Rico", "Scotland"),
        *("South", "Taiwan", "Thailand", "Trinadad&Tobago", "United-States", "Vietnam", "Yugoslavia"),
    ),
}
_ROWS: Final = {"adult.data": 32561, "adult.test": 16281}
_COPIES: Final = 2  # of each row of class 1 that oversampling adds: three of each are as many as there are of class 0
_VALIDATION: Final = 0.1  # of the rows to learn from
_MISSING: Final = "?"


@dataclass(frozen=True)
class _Rows:
    """Values (n, attributes), codes of the discrete ones; classes (n,); how many rows lacked a value."""

    values: NDArray[np.float64]
    y: Labels
    missing: int


def load(
    folder: Path,
    *,
    encoding: Encoding = "codes",
    scaling: Scaling = "none",
    without: tuple[str, ...] = ("fnlwgt",),
    oversample: bool = True,
) -> Dataset:
    """The 30 162 rows of adult.data in which nothing is missing, then the 15 060 of adult.test, in file order.

    Groups are sex and race. The published split is that of the files; a tenth of adult.data, drawn by class, validates.

    The defaults are what comes nearest to the figures of Sooksatra & Rivas 2022, who attack with ε = 10, 15 and 20 and
    do not say how the attributes were encoded: whole numbers as recorded. fnlwgt, the number of people that a row
    stands for, cannot have been among them: it reaches a million and more, saturates every tanh, and little is learned.

    Args:
        folder: Holds adult.data and adult.test; or a folder adult that does.
        encoding: ``codes``: a discrete attribute is the number of its value. ``one_hot``: a feature for each value.
        scaling: By the rows of adult.data. ``none``: as recorded. ``standard``: to mean 0 and standard deviation 1.
            ``unit``: to 0 to 1.
        without: Attributes that the model does not see; the groups know them all the same.
        oversample: The published train part names each row of class 1 three times, so that there are about as many as
            of class 0; the paper says only that "the same class-1 samples" were added.

    Raises:
        ConfigError: `without` names what is no attribute, or all of them.
        DataError: the files are missing, cut short or malformed.
    """
    paths = _paths(folder)
    train, test = (_rows(path) for path in paths)
    values, y = np.concatenate([train.values, test.values]), np.concatenate([train.y, test.y])
    x, features = _encoded(values, encoding, _seen(without))
    return Dataset(
        name="adult",
        x=_scaled(x, scaling, len(train.y)).astype(np.float32),
        y=y,
        classes=CLASSES,
        signal=TableSpec(
            features=features,
            continuous=tuple(name for name in features if not ATTRIBUTES.get(name, "one hot")),
            units=_UNITS[scaling],
        ),
        groups={name: _names(values, name) for name in GROUPS},
        published=_published(train.y, len(test.y), oversample=oversample),
        origin_sha256=files_sha256(paths),
        left_out={"rows with a missing value": train.missing + test.missing},
    )


_UNITS: Final[dict[Scaling, str]] = {
    "none": "as recorded",
    "standard": "standard deviations",
    "unit": "share of the range",
}


def _paths(folder: Path) -> tuple[Path, ...]:
    facts = FACTS["adult"]
    paths = facts.find(folder)
    if paths is None:
        raise DataError(
            f"adult is neither in {folder / facts.folder} nor in {folder}: run edgeguard data fetch adult "
            "or name its folder with --data-dir"
        )
    return paths


def _seen(without: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    for name in without:
        if name not in ATTRIBUTES:
            raise ConfigError(f"adult has no attribute {name!r}{near_match(name, ATTRIBUTES)} to do without")
    if not (seen := {name: known for name, known in ATTRIBUTES.items() if name not in without}):
        raise ConfigError("adult without any attribute leaves nothing to learn from: name fewer in without")
    return seen


def _rows(path: Path) -> _Rows:
    try:
        found = list(_cells(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read ({error}): fetch it again") from error
    if len(found) != _ROWS[path.name]:
        raise DataError(f"{path} holds {len(found)} rows, but Adult has {_ROWS[path.name]} there: get the whole file")
    whole = [(number, cells) for number, cells in found if _MISSING not in cells]
    values = [_values(path, number, cells) for number, cells in whole]
    y = [_label(path, number, cells[-1]) for number, cells in whole]
    table = np.array(values, dtype=np.float64).reshape(-1, len(ATTRIBUTES))
    return _Rows(table, np.array(y, dtype=np.int64), len(found) - len(whole))


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each row; adult.test has a remark in its first line."""
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if text := line.split("|")[0].strip():
                cells = [cell.strip() for cell in text.split(",")]
                if len(cells) != len(ATTRIBUTES) + 1:
                    raise DataError(
                        f"{path}, line {number} holds {len(cells)} cells, not {len(ATTRIBUTES) + 1}: fetch it again"
                    )
                yield number, cells


def _values(path: Path, number: int, cells: list[str]) -> list[float]:
    return [_value(path, number, name, cell) for name, cell in zip(ATTRIBUTES, cells, strict=False)]


def _value(path: Path, number: int, name: str, cell: str) -> float:
    known = ATTRIBUTES[name]
    try:
        return float(known.index(cell) if known else int(cell))
    except ValueError as error:
        raise DataError(f"{path}, line {number}: {name} cannot be {cell!r}: fetch it again") from error


def _label(path: Path, number: int, cell: str) -> int:
    if cell.rstrip(".") not in CLASSES:  # adult.test puts a full stop behind it
        raise DataError(f"{path}, line {number}: the class cannot be {cell!r}: fetch it again")
    return CLASSES.index(cell.rstrip("."))


def _encoded(
    values: NDArray[np.float64], encoding: Encoding, seen: Mapping[str, tuple[str, ...]]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Features (n, features) of the attributes `seen`, and their names."""
    parts, features = [], []
    for name, known in seen.items():
        column = _column(values, name)[:, None]
        if known and encoding == "one_hot":
            parts.append((column == np.arange(len(known))).astype(np.float64))
            features += [f"{name}={value}" for value in known]
        else:
            parts.append(column)
            features.append(name)
    return np.concatenate(parts, axis=1), tuple(features)


def _scaled(x: NDArray[np.float64], scaling: Scaling, train: int) -> NDArray[np.float64]:
    """By the first `train` rows; a feature that is the same in all of them becomes 0 there."""
    known = x[:train]
    if scaling == "none":
        return x
    if scaling == "standard":
        middle, size = known.mean(axis=0), known.std(axis=0)
    else:
        middle, size = known.min(axis=0), np.ptp(known, axis=0)
    size[size == 0] = 1.0
    return np.asarray((x - middle) / size)


def _names(values: NDArray[np.float64], name: str) -> NDArray[np.str_]:
    return np.array(ATTRIBUTES[name])[_column(values, name).astype(np.int64)]


def _column(values: NDArray[np.float64], name: str) -> NDArray[np.float64]:
    return np.asarray(values[:, list(ATTRIBUTES).index(name)])


def _published(y: Labels, tested: int, *, oversample: bool) -> Split:
    """Rows of adult.data to learn and to validate, and the `tested` ones behind them."""
    train, validation = held_out(y, _VALIDATION)
    copies = [train[y[train] == 1]] * (_COPIES if oversample else 0)
    return Split(np.concatenate([train, *copies]), validation, np.arange(len(y), len(y) + tested))
