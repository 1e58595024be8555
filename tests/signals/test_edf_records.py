from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest

from edgeguard.errors import DataError
from edgeguard.signals.edf_layout import EdfAnnotation
from edgeguard.signals.edf_records import read_header, read_record
from tests.edf_files import CHANNELS, by_hand, wave, with_gaps, write_edf

SAID = [(0.5, -1, "blink"), (1.25, 0.5, "Öffnen")]
FOUND = (EdfAnnotation(0.5, None, "blink"), EdfAnnotation(1.25, 0.5, "Öffnen"))


@pytest.fixture(params=["r.edf", "r.bdf"])
def recording(tmp_path, request):
    return write_edf(tmp_path / request.param, annotations=SAID)


def test_values_are_what_the_format_says_in_physical_units(recording):
    found = read_record(recording)
    assert found.values.dtype == np.float32
    np.testing.assert_allclose(found.values, by_hand(recording), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.values, wave(), atol=0.02)


def test_the_header_is_read_with_them(recording):
    found, header = read_record(recording), read_header(recording)
    assert found.channels == header.channels == tuple(name for name, _, _ in CHANNELS)
    assert found.units == header.units == ("uV", "uV", "mV")
    assert (found.rate_hz, header.rates_hz) == (250.0, (250.0,) * 3)
    assert found.started == header.started


def test_annotations_are_as_they_were_written(recording):
    assert read_record(recording).annotations == FOUND


@pytest.mark.parametrize("name", ["p.edf", "p.bdf"])
def test_plain_files_have_no_annotations(tmp_path, name):
    path = write_edf(tmp_path / name, plain=True)
    assert (read_record(path).values.shape, read_record(path).annotations) == ((3, 2000), ())


def test_signals_are_chosen_by_number(recording):
    found = read_record(recording, [2, 0])
    np.testing.assert_allclose(found.values, by_hand(recording)[[2, 0]], rtol=1e-6, atol=1e-6)
    assert (found.channels, found.units) == (("ECG", "EEG Fp1"), ("mV", "uV"))


def test_signals_of_different_rates_are_not_mixed(tmp_path):
    path = write_edf(tmp_path / "r.edf", rates=(250, 250, 50))
    assert read_header(path).rates_hz == (250.0, 250.0, 50.0)
    assert read_record(path, [2]).rate_hz == 50
    with pytest.raises(DataError, match=r"no common rate \(EEG Fp2 250 Hz, ECG 50 Hz\): choose those of one rate"):
        read_record(path)


def test_gaps_are_as_long_as_the_times_of_the_records_say(recording):
    values = read_record(recording).values
    found = read_record(with_gaps(recording, [10, 11, 12.5, 13.5, 14.5, 15.5, 16.5, 20.1]))
    missing = np.isnan(found.values).all(axis=0)
    assert np.flatnonzero(np.diff(missing)).tolist() == [499, 624, 1874, 2524]
    np.testing.assert_array_equal(found.values[:, ~missing], values)
    assert not np.isnan(found.values[:, ~missing]).any()


def test_annotations_count_from_the_first_sample(tmp_path):
    path = write_edf(tmp_path / "r.edf", annotations=[(12.0, -1, "late")])
    found = read_record(with_gaps(path, [10, 20, 21, 22, 23, 24, 25, 26]))
    assert found.annotations == (EdfAnnotation(2.0, None, "late"),)


def test_a_continuous_file_whose_times_jump_has_gaps_too(tmp_path):
    path = with_gaps(write_edf(tmp_path / "r.edf"), [0, 1, 2, 3, 4, 5, 6, 8])
    path.write_bytes(path.read_bytes().replace(b"EDF+D", b"EDF+C"))
    assert np.isnan(read_record(path).values).sum() == 3 * 250


@pytest.mark.parametrize(
    ("begins_s", "message"),
    [
        ([0, 1, 2, 3, 4, 5, 6, 6.5], "the times of its records are missing, or overlap"),
        ([0, 1, 2, 3, 4, 5, 6, 1e9], "its gaps make it 1000000001 s long: split it there"),
    ],
)
def test_times_that_cannot_be_are_one_line(tmp_path, begins_s, message):
    with pytest.raises(DataError, match=message):
        read_record(with_gaps(write_edf(tmp_path / "r.edf"), begins_s))


@pytest.mark.parametrize("unit", ["\N{MICRO SIGN}V".encode(), b"\xb5V"])
def test_a_micro_sign_in_a_unit_is_taken_for_u(tmp_path, unit):
    path = write_edf(tmp_path / "r.edf")
    path.write_bytes(path.read_bytes().replace(b"uV".ljust(8), unit.ljust(8)))
    assert read_header(path).units == ("uV", "uV", "mV")


@pytest.mark.parametrize("keep", [0, 100, 256, 1279, 1280, 5000, -1, None])
def test_what_is_missing_or_cut_is_one_line(recording, keep, capfd):
    content = recording.read_bytes()
    recording.unlink()
    if keep is not None:
        recording.write_bytes(content[:keep])
    with pytest.raises(DataError, match=r"is no readable EDF or BDF file \(.*\): get the whole file") as caught:
        read_record(recording)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


def test_changed_bytes_are_read_or_one_line(recording):
    whole, rng = recording.read_bytes(), np.random.default_rng(0)
    for _ in range(200):
        changed = bytearray(whole)
        for position in rng.integers(0, 1400, 3):
            changed[position] = rng.choice(np.frombuffer(b"0123456789 -.+\0\x14\xff", np.uint8))
        recording.write_bytes(changed)
        with suppress(DataError):
            assert read_record(recording).values.ndim == 2
