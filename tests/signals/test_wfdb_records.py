from __future__ import annotations

import numpy as np
import pytest
import wfdb

from edgeguard.errors import DataError
from edgeguard.signals.wfdb_records import Demographics, demographics, read_annotations, read_record

COMMENTS = ["69 M 1085 1629 x1", "Aldomet, Inderal"]


@pytest.fixture
def record(tmp_path):
    """Two seconds of two channels and three annotations, written by the wfdb library; returns path and channels."""
    wave = np.sin(np.arange(720)[:, None] / 20 * [1, 2])
    written = {"p_signal": wave, "fmt": ["16", "16"], "comments": COMMENTS, "write_dir": str(tmp_path)}
    wfdb.wrsamp("100", 360, ["mV", "uV"], ["MLII", "V5"], **written)
    wfdb.wrann("100", "atr", np.array([18, 300, 650]), ["+", "N", "V"], write_dir=str(tmp_path))
    return tmp_path / "100", wave.T


def test_a_record_is_read_with_its_header(record):
    path, wave = record
    found = read_record(path)
    np.testing.assert_allclose(found.values, wave, atol=1e-3)
    assert found.values.dtype == np.float32
    assert (found.rate_hz, found.channels, found.units) == (360.0, ("MLII", "V5"), ("mV", "uV"))
    assert found.comments == tuple(COMMENTS)


def test_annotations_are_samples_and_symbols(record):
    found = read_annotations(record[0])
    assert (found.samples.tolist(), found.symbols.tolist()) == ([18, 300, 650], ["+", "N", "V"])


@pytest.mark.parametrize(
    ("comments", "found"),
    [
        (COMMENTS, Demographics("male", 69)),
        (["23 F 2546 N/A x1"], Demographics("female", 23)),
        (["-1 M 742 654 x1"], Demographics("male", None)),
        (["? ? 742 654 x1"], Demographics(None, None)),
        (["Digoxin"], Demographics(None, None)),
        ([], Demographics(None, None)),
    ],
)
def test_sex_and_age_stand_in_the_first_comment(comments, found):
    assert demographics(comments) == found


@pytest.mark.parametrize(("name", "keep"), [("100.dat", 900), ("100.dat", 0), ("100.hea", 20), ("100.hea", None)])
def test_what_is_missing_or_cut_is_one_line(record, name, keep):
    path = record[0].with_name(name)
    content = path.read_bytes()
    path.unlink()
    if keep is not None:
        path.write_bytes(content[:keep])
    with pytest.raises(DataError, match=r"100 is no readable WFDB record \(.*\): get its files again"):
        read_record(record[0])


@pytest.mark.parametrize("lost", [None, 1, 2, 4])
def test_annotations_that_are_missing_or_cut_are_one_line(record, lost):
    path = record[0].with_suffix(".atr")
    content = path.read_bytes()
    path.unlink()
    if lost is not None:
        path.write_bytes(content[:-lost])
    with pytest.raises(DataError, match=r"100 is no readable WFDB record \(.*\): get its files again"):
        read_annotations(record[0])
