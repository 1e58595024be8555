"""On files made in the corpus's two formats: the corpus itself is licensed."""

from __future__ import annotations

import numpy as np
import pyedflib
import pytest

from edgeguard.errors import DataError
from edgeguard.lab.data import load_dataset

HEAD = "# version = csv_v1.0.0\n# bname = {key}\n#\nchannel,start_time,stop_time,label,confidence\n"
HEAD_2 = "# annotation label file\n#\n# key, channel_label, start_time, stop_time, artifact_label\n#\n"


def write_edf(place, key, reference="REF", rate_hz=250, seconds=60):
    names = [f"EEG {name}-{reference}" for name in ("FP1", "FP2", "O1")]
    header = {"dimension": "uV", "sample_frequency": rate_hz, "physical_max": 800, "physical_min": -800}
    header |= {"digital_max": 32767, "digital_min": -32768, "transducer": "", "prefilter": ""}
    place.mkdir(parents=True, exist_ok=True)
    writer = pyedflib.EdfWriter(str(place / f"{key}.edf"), 3, file_type=pyedflib.FILETYPE_EDF)
    writer.setSignalHeaders([{**header, "label": name} for name in names])
    writer.writeSamples(list(np.random.default_rng(0).normal(scale=30, size=(3, rate_hz * seconds))))
    writer.close()


def write_version_3(folder, key, rows, **options):
    write_edf(folder / "edf" / "01_tcp_ar", key, **options)
    text = "".join(f"{channel},{start},{stop},{label},1.0000\n" for channel, start, stop, label in rows)
    (folder / "edf" / "01_tcp_ar" / f"{key}.csv").write_text(HEAD.format(key=key) + text)


ROWS = [("FP1-F7", 17.0, 19.0, "eyem"), ("FP2-F4", 33.0, 35.0, "musc"), ("T5-O1", 41.0, 43.0, "eyem")]


def test_version_3_has_marks_beside_each_recording(tmp_path):
    write_version_3(tmp_path / "tuh_eeg_artifact", "aaaaaaju_s005_t000", ROWS)
    dataset = load_dataset("tuh_artifact", tmp_path, {})
    # windows begin every 8 s: the first settles, the one from 16 s shows the eyes, muscles spoil that from 32 s
    assert dataset.y.tolist() == [0, 1, 0, 0, 0]
    assert set(dataset.wearers) == {"aaaaaaju"}
    assert dataset.left_out == {"settling": 1, "no clear label": 1}


def test_marks_of_electrodes_that_are_not_taken_do_not_count(tmp_path):
    write_version_3(tmp_path, "aaaaaaju_s005_t000", ROWS)
    dataset = load_dataset("tuh_artifact", tmp_path, {"channels": ["O1"]})
    assert dataset.y.tolist() == [0, 0, 0, 0, 1, 0]
    assert dataset.x.shape[1] == 1


def test_version_2_has_a_table_of_marks_for_each_montage(tmp_path):
    write_edf(tmp_path / "edf" / "02_tcp_le" / "002" / "00000254" / "s005", "00000254_s005_t000", "LE")
    rows = "".join(f"00000254_s005_t000, {c}, {a}, {b}, {label}\n" for c, a, b, label in ROWS)
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "labels_02_tcp_le.csv").write_text(HEAD_2 + rows)
    assert load_dataset("tuh_artifact", tmp_path, {}).y.tolist() == [0, 1, 0, 0, 0]


def test_recordings_of_another_rate_are_resampled(tmp_path):
    write_version_3(tmp_path, "aaaaaaju_s005_t000", ROWS, rate_hz=400)
    assert load_dataset("tuh_artifact", tmp_path, {}).y.tolist() == [0, 1, 0, 0, 0]


def test_labels_of_another_recording_are_refused(tmp_path):
    write_version_3(tmp_path, "aaaaaaju_s005_t000", [("FP1-F7", 100.0, 101.0, "eyem")])
    with pytest.raises(DataError, match="labels of another recording"):
        load_dataset("tuh_artifact", tmp_path, {})


@pytest.mark.parametrize("text", ["", "# key, channel_label\n", HEAD_2 + "00000254_s005_t000, FP1-F7, soon, 2, eyem\n"])
def test_a_damaged_table_is_one_line(tmp_path, text):
    write_edf(tmp_path / "edf", "00000254_s005_t000")
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "labels_01_tcp_ar.csv").write_text(text)
    with pytest.raises(DataError, match="no table of marks"):
        load_dataset("tuh_artifact", tmp_path, {})


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"edf/\*\*"):
        load_dataset("tuh_artifact", tmp_path, {})
