from __future__ import annotations

import numpy as np
import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import adult
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import files_sha256

RICH = "45, Private, 100, Masters, 14, Divorced, Sales, Wife, White, Female, 2174, 0, 40, United-States, >50K"
POOR = "30, State-gov, 300, 10th, 6, Widowed, Tech-support, Husband, Black, Male, 0, 5, 20, Cuba, <=50K"
MISSING = "30, ?, 300, 10th, 6, Widowed, ?, Husband, Black, Male, 0, 5, 20, Cuba, <=50K"
TRAIN = [RICH, POOR, MISSING, *[RICH] * 9, *[POOR] * 29, MISSING]
TEST = [POOR, MISSING, RICH]


def write(folder, train=TRAIN, test=TEST):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adult.data").write_text("\n".join([*train, "", ""]))
    (folder / "adult.test").write_text("\n".join(["|1x3 Cross validator", *(f"{row}." for row in test), "", ""]))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(adult, "_ROWS", {"adult.data": len(TRAIN), "adult.test": len(TEST)})


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "adult")
    return tmp_path


def test_rows_are_whole_numbers_in_file_order_without_fnlwgt(folder):
    dataset = adult.load(folder)
    assert dataset.x.shape == (42, 13)
    assert dataset.x[0].tolist() == [45, 2, 12, 14, 0, 11, 5, 4, 0, 2174, 0, 40, 38]
    assert (dataset.classes[dataset.y[0]], dataset.classes[dataset.y[-2]]) == (">50K", "<=50K")
    assert dataset.left_out == {"rows with a missing value": 3}
    assert dataset.signal.continuous == ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")


def test_groups_are_sex_and_race(folder):
    groups = adult.load(folder, without=("fnlwgt", "sex")).groups
    assert {name: values[:2].tolist() for name, values in groups.items()} == {
        "sex": ["Female", "Male"],
        "race": ["White", "Black"],
    }


def test_the_published_split_is_that_of_the_files_with_a_tenth_held_out(folder):
    dataset = adult.load(folder, oversample=False)
    split = dataset.published
    assert split.test.tolist() == [40, 41]
    assert sorted([*split.train, *split.validation]) == list(range(40))
    assert np.bincount(dataset.y[split.validation]).tolist() == [3, 1]


def test_oversampling_names_each_row_of_class_1_three_times_to_learn_from(folder):
    dataset, plain = adult.load(folder), adult.load(folder, oversample=False)
    rows, times = np.unique(dataset.published.train, return_counts=True)
    np.testing.assert_array_equal(rows, plain.published.train)
    np.testing.assert_array_equal(times, 1 + 2 * dataset.y[rows])
    np.testing.assert_array_equal(dataset.published.validation, plain.published.validation)


def test_one_hot_is_a_feature_a_value(folder):
    dataset = adult.load(folder, encoding="one_hot", without=())
    row = dict(zip(dataset.signal.features, dataset.x[0].tolist(), strict=True))
    assert (row["fnlwgt"], row["education=Masters"], row["education=10th"]) == (100, 1, 0)
    assert sum(value for name, value in row.items() if "=" in name) == 8
    assert len(dataset.signal.continuous) == 6


@pytest.mark.parametrize(("scaling", "units"), [("standard", "standard deviations"), ("unit", "share of the range")])
def test_scaling_is_by_the_rows_of_the_train_file(tmp_path, scaling, units):
    write(tmp_path, test=[POOR, RICH, RICH.replace("45", "60")])
    dataset = adult.load(tmp_path, scaling=scaling)
    age, constant = dataset.x[:, 0], dataset.x[:40].std(axis=0) == 0
    known = age[:40].astype(np.float64)
    found = (known.mean(), known.std()) if scaling == "standard" else (known.min(), known.max())
    np.testing.assert_allclose(found, (0, 1), atol=1e-6)
    assert age[-1] > age.max(initial=-9, where=np.arange(43) < 42)
    assert not constant.any()
    assert dataset.signal.units == units


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (TRAIN[:-1], "holds 41 rows, but Adult has 42 there: get the whole file"),
        ([RICH[:-6], *TRAIN[1:]], "line 1 holds 14 cells, not 15"),
        ([*TRAIN[:3], RICH.replace("45", "old"), *TRAIN[4:]], "line 4: age cannot be 'old'"),
        ([RICH.replace("Wife", "Wive"), *TRAIN[1:]], "line 1: relationship cannot be 'Wive'"),
        ([RICH.replace(">50K", "50K"), *TRAIN[1:]], "line 1: the class cannot be '50K'"),
    ],
)
def test_a_damaged_file_is_one_line_that_says_where(tmp_path, train, message):
    write(tmp_path, train)
    with pytest.raises(DataError, match=message) as caught:
        adult.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(folder):
    (folder / "adult" / "adult.test").write_bytes(b"\xff\xfe" * 40)
    with pytest.raises(DataError, match=r"adult\.test cannot be read"):
        adult.load(folder)


def test_missing_files_say_what_to_type(tmp_path):
    with pytest.raises(DataError, match="run edgeguard data fetch adult or name its folder"):
        adult.load(tmp_path)


@pytest.mark.parametrize(
    ("without", "message"),
    [
        (("fnlwght",), r"no attribute 'fnlwght' \(did you mean 'fnlwgt'\?\)"),
        (tuple(adult.ATTRIBUTES), "leaves nothing"),
    ],
)
def test_attributes_to_do_without_must_be_some_of_them(folder, without, message):
    with pytest.raises(ConfigError, match=message):
        adult.load(folder, without=without)


@pytest.mark.data
def test_the_real_files_have_the_papers_rows_and_the_published_bytes(data_folder, monkeypatch):
    monkeypatch.undo()
    dataset = adult.load(data_folder)
    split = dataset.published
    learned = np.unique([*split.train, *split.validation])
    assert (len(learned), len(split.test)) == (30162, 15060)
    assert np.bincount(dataset.y[:30162]).tolist() == [22654, 7508]
    assert np.bincount(dataset.y[split.test]).tolist() == [11360, 3700]
    assert np.bincount(dataset.y[split.train]).tolist() == [20389, 20271]
    assert files_sha256(FACTS["adult"].find(data_folder)) == FACTS["adult"].files_sha256
