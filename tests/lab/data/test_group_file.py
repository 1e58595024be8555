from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgeguard.errors import DataError
from edgeguard.lab.data.group_file import with_groups
from tests.lab.conftest import waves


@pytest.fixture
def people():
    """Waves of three wearers, whose sex the data set knows."""
    return dataclasses.replace(
        waves(6), wearers=np.repeat(["w0", "w1", "w2"], 2), groups={"sex": np.repeat(["f", "m", "f"], 2)}
    )


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "groups.csv"
        path.write_bytes(content.encode())
        return path

    return write


def test_wearers_are_joined_and_those_without_a_line_or_a_cell_are_unknown(people, written):
    joined, notes = with_groups(people, written("wearer,skin,site\nw1,dark,\nw0,light,ward 3\nw9,light,x\n"))
    assert joined.groups["skin"].tolist() == ["light"] * 2 + ["dark"] * 2 + ["unknown"] * 2
    assert joined.groups["site"].tolist() == ["ward 3"] * 2 + ["unknown"] * 4
    assert joined.groups["sex"].tolist() == people.groups["sex"].tolist()
    assert notes == [
        "groups.csv has 1 wearers that waves has not: w9",
        "groups.csv has no line for 1 wearers of waves: w2; unknown",
    ]


def test_the_files_attribute_stands_in_place_of_the_data_sets_own(people, written):
    joined, notes = with_groups(people, written("sex;wearer\nx;w0\ny;w1\nz;w2\n"))
    assert (joined.groups["sex"].tolist(), notes) == (["x", "x", "y", "y", "z", "z"], [])


def test_windows_have_groups_where_nobody_knows_the_wearers(written):
    joined, notes = with_groups(waves(4), written("window,site\n0,a\n3,b\n"))
    assert joined.groups["site"].tolist() == ["a", "unknown", "unknown", "b"]
    assert notes == ["groups.csv has no line for 2 windows of waves: 1, 2; unknown"]


def test_a_formula_is_text_as_everywhere(people, written):
    joined, _ = with_groups(people, written("wearer,site\nw0,'=1+1\nw1,@a\n"))
    assert joined.groups["site"].tolist() == ["=1+1"] * 2 + ["@a"] * 2 + ["unknown"] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("who,sex\nw0,f\n", "line 1: no column wearer or window: give one of the two: correct the file"),
        ("wearer,window,sex\nw0,0,f\n", "line 1: wearer and window: give one of the two"),
        ("wearer\nw0\n", "line 1: no attribute beside wearer"),
        ("wearer,sex,sex\nw0,f,f\n", "line 1: the column 'sex' stands there twice"),
        ("wearer,\nw0,f\n", "line 1: the column '': write 1 to 64 printable letters"),
        ("wearer,sex\nw0,f\nw1,m\nw0,f\n", "line 4: wearer 'w0' stands on a line before"),
        ("wearer,sex\nw0\n,f\n", "line 2: 1 cells, the header has 2"),
        ("wearer,sex\n,f\n", "line 2: wearer '': write 1 to 64"),
        (f"wearer,sex\nw0,{'f' * 65}\n", "line 2: sex 'ffff"),
        ("wearer,sex\nw0,\x1b[31m\n", "line 2: sex "),
        ("window,sex\n01,f\n-1,f\nx,f\n", "line 4: window 'x' is no whole number from 0"),
        ("window,sex\n6,f\n", "names no window of waves, which has 0, 1, 2, 3, 4 …: check the column 'window'"),
        ("wearer,sex\nW0,f\n", "names no wearer of waves, which has w0, w1, w2: check the column 'wearer'"),
        ("", "line 1: no column wearer or window"),
    ],
)
def test_a_file_that_says_nothing_clear_is_refused(content, message, people, written):
    with pytest.raises(DataError) as refused:
        with_groups(people, written(content))
    assert message in str(refused.value)
    assert "groups.csv" in str(refused.value)


def test_wearers_of_a_set_that_does_not_know_them_are_refused(written):
    with pytest.raises(DataError, match="waves does not tell its wearers apart: give a column window instead"):
        with_groups(waves(4), written("wearer,sex\nw0,f\n"))
