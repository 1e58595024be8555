from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgeguard.lab.attacks import attack_named
from edgeguard.lab.attacks.threat import Threat
from edgeguard.lab.papers.early_exit_ensembles.paper import COLUMNS, PUBLISHED, ROWS, TABLES
from edgeguard.lab.papers.early_exit_ensembles.recipes import options_of
from edgeguard.lab.recipe import load_recipe

REAL = dict(COLUMNS)  # before a test replaces any


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_pair_has_a_recipe_and_every_figure_of_both_tables(name):
    assert load_recipe(name, PUBLISHED[name].narrow).name == name
    cells = {(row, column) for table in TABLES.values() for row in table.rows for column in table.columns}
    assert {(row, column) for row, found in PUBLISHED[name].figures.items() for column in found} == cells


def test_every_row_and_column_of_a_table_is_known():
    for table in TABLES.values():
        assert set(table.rows) <= ROWS.keys()
        assert set(table.columns) <= COLUMNS.keys()
    assert {row.against for row in ROWS.values()} - {None} <= COLUMNS.keys()


@pytest.mark.parametrize("key", [key for key, column in REAL.items() if column.attack])
def test_every_column_is_an_attack_with_options_it_knows(key):
    assert attack_named(REAL[key].attack, Threat(0.1), options_of(REAL[key], 20))


def test_the_figures_of_the_ecg_half_are_those_of_the_text():
    text = (Path(__file__).parent / "tables.txt").read_text()
    lines = [re.split(r"\s*\t\s*", line) for line in text.splitlines() if "\t" in line]
    titles = {row.title: key for key, row in ROWS.items()}
    columns = [list(TABLES[number].columns) for number in ("1", "2")]
    for table, (title, *cells) in zip([0, 0, 0, 1, 1, 1, 1], lines, strict=True):
        for column, cell in zip(columns[table], cells, strict=True):
            expected = tuple(float(value) for value in cell.split("/"))
            assert PUBLISHED["ecg5000-fcnet"].figures[titles[title]][column] == expected
