from __future__ import annotations

import struct

import pytest

from edgeguard.lab.papers.adversarial_training_hurts_fairness.drawings import drawn, exit_bars
from edgeguard.lab.papers.adversarial_training_hurts_fairness.page import Shown, render_page
from edgeguard.lab.papers.table import Table


def size(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize("figure", ["1", "2", "3"])
def test_figures_of_classes_are_drawn(cifar10, figure):
    assert min(size(drawn(cifar10, figure))) > 400


def test_figures_of_groups_and_of_the_exits_are_drawn(adult, exits):
    assert [min(size(drawn(adult, figure))) > 400 for figure in ("4", "5", "6")] == [True] * 3
    assert min(size(exit_bars(exits))) > 400


def test_the_page_needs_no_other_file(adult):
    table = Table("In numbers", ("a", "b"), (("<x>", "1"),), ("a note",))
    page = render_page([adult], [Shown("Fig. 5", (table,), b"png", "five"), Shown("Table I", (table,))])
    assert 'src="data:image/png;base64,cG5n"' in page
    assert page.count("<img") == 1
    assert "&lt;x&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "; seeds 0, 1. 9 training samples" in page
