from __future__ import annotations

import numpy as np
import pyedflib
import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import load_dataset

DESCRIPTION = """
name = "my-eeg"
classes = ["clean", "eye_movement"]
background = "clean"

[channels]
Fp1 = ["EEG FP1-REF"]
Fp2 = ["EEG FP2-REF"]

[signal]
units = "uV"
rate_hz = 100.0
window = 200
hop = 100

[recordings]
files = ["*.{suffix}"]
subject = '^(s\\d+)_'
{recordings}

[labels]
source = "annotations"
map = {{ blink = "eye_movement" }}
unclear = ["chewing"]
ignore = ["lights off"]
{more}
"""


def describe(folder, suffix="edf", more="", recordings="", **replaced):
    text = DESCRIPTION.format(suffix=suffix, more=more, recordings=recordings)
    for old, new in replaced.values():
        assert old in text
        text = text.replace(old, new)
    (folder / "my.toml").write_text(text)


def load(folder):
    return load_dataset("recordings", folder, {"description": "my.toml"})


def signal(channels=3, n=2000, seed=0):
    return np.random.default_rng(seed).normal(scale=20, size=(channels, n))


def write_edf(
    path, annotations=(), *, names=("EEG FP2-REF", "EMG", "EEG FP1-REF"), rate_hz=100, unit="uV", values=None
):
    values = signal(len(names)) if values is None else values
    largest = {"mV": 2}.get(unit, 5000)
    header = {"dimension": unit, "sample_frequency": rate_hz, "physical_max": largest, "physical_min": -largest}
    header |= {"digital_max": 32767, "digital_min": -32768, "transducer": "", "prefilter": ""}
    writer = pyedflib.EdfWriter(str(path), len(names), file_type=pyedflib.FILETYPE_EDFPLUS)
    writer.setSignalHeaders([{**header, "label": name} for name in names])
    writer.writeSamples(list(values))
    for onset_s, duration_s, text in annotations:
        writer.writeAnnotation(onset_s, duration_s, text)
    writer.close()


def test_windows_are_labelled_by_annotations_and_split_by_subjects(tmp_path):
    write_edf(tmp_path / "s1_a.edf", [(5.2, 0.4, "blink"), (11.0, 0.5, "lights off")])
    write_edf(tmp_path / "s2_a.edf")
    describe(tmp_path)
    dataset = load(tmp_path)
    assert dataset.name == "my-eeg"
    assert dataset.x.shape == (38, 2, 200)
    assert dataset.y.sum() == 2  # the windows from 4 s and from 5 s on
    assert set(dataset.wearers[dataset.y == 1]) == {"s1"}
    assert dataset.signal.channels == ("Fp1", "Fp2")


def test_channels_are_taken_in_the_models_order(tmp_path):
    values = signal()
    write_edf(tmp_path / "s1_a.edf", values=values)
    describe(tmp_path)
    first = load(tmp_path).x[0]
    np.testing.assert_allclose(first, values[[2, 0], :200], atol=0.2)


def test_what_is_none_of_the_classes_is_left_out_and_counted(tmp_path):
    write_edf(tmp_path / "s1_a.edf", [(5.0, 1.0, "chewing")])
    describe(tmp_path)
    dataset = load(tmp_path)
    assert len(dataset.y) == 17
    assert dataset.left_out == {"no clear label": 2}


def test_another_rate_and_unit_are_converted(tmp_path):
    time = np.arange(4000) / 200
    values = np.stack([np.sin(2 * np.pi * 5 * time)] * 3)
    write_edf(tmp_path / "s1_a.edf", rate_hz=200, unit="mV", values=values)
    describe(tmp_path)
    dataset = load(tmp_path)
    assert dataset.x.shape[2] == 200
    assert dataset.x[3].max() == pytest.approx(1000, rel=0.01)  # 1 mV in uV


def test_flat_channels_and_short_recordings_are_counted(tmp_path):
    values = signal()
    values[0, 500:900] = 0
    write_edf(tmp_path / "s1_a.edf", values=values)
    write_edf(tmp_path / "s2_a.edf", values=signal(n=100))
    describe(tmp_path, quality=("hop = 100", "hop = 100\nquality = { flat = 0.5, flat_s = 1.0 }"))
    assert load(tmp_path).left_out == {"flat": 5, "recording shorter than a window": 1}


def test_csv_files_with_labels_beside_them_are_read(tmp_path):
    values = signal(2, 600)
    rows = "\n".join(f"{a:.3f},{b:.3f}" for a, b in values.T)
    (tmp_path / "s1_a.csv").write_text(f"EEG FP1-REF,EEG FP2-REF\n{rows}\n")
    (tmp_path / "s1_a.marks.tsv").write_text("# by hand\nonset\tduration\ttrial_type\n2.1\t0.5\tblink\n")
    columns = 'file = "{stem}.marks.tsv"\nstart = "onset"\nduration = "duration"\ntext = "trial_type"'
    rate = 'rate_hz = 100.0\nunits = "uV"'
    describe(tmp_path, "csv", columns, rate, labels=('source = "annotations"', 'source = "files"'))
    dataset = load(tmp_path)
    assert dataset.y.tolist() == [0, 1, 1, 0, 0]
    np.testing.assert_allclose(dataset.x[0], values[:, :200], atol=1e-3)


def test_the_path_may_be_the_label_and_a_table_the_groups(tmp_path):
    for name in ("s1_open", "s1_closed", "s2_open", "s2_closed"):
        np.savez(tmp_path / f"{name}.npz", signal=signal(2), channels=["Fp1", "Fp2"], rate_hz=100.0, units="uV")
    (tmp_path / "people.csv").write_text("subject,sex\ns1,female\ns2,\n")
    (tmp_path / "my.toml").write_text("""
        name = "eyes"
        classes = ["open", "closed"]
        channels = { Fp1 = [], Fp2 = [] }
        signal = { units = "uV", rate_hz = 100.0, window = 200, hop = 200 }
        recordings = { files = ["*.npz"], subject = '^(s\\d+)' }
        labels = { source = "path", path = '_(\\w+)\\.', map = { open = "open", closed = "closed" } }
        groups = { file = "people.csv", columns = ["sex"] }
    """)
    dataset = load(tmp_path)
    assert np.bincount(dataset.y).tolist() == [20, 20]
    assert set(dataset.groups["sex"][dataset.wearers == "s1"]) == {"female"}
    assert set(dataset.groups["sex"][dataset.wearers == "s2"]) == {"unknown"}


@pytest.mark.parametrize(
    ("annotations", "options", "message"),
    [
        ([(1.0, 1.0, "yawn")], {}, "'yawn', which labels.map does not have"),
        ([(30.0, 1.0, "blink")], {}, "lasts 20 s, and 'blink' is marked from 30 to 31 s"),
        ([], {"names": ("EEG FP1-REF", "EMG")}, "has no channels that are 'Fp2'"),
        ([], {"unit": "degC"}, "'degC', not in 'uV'"),
    ],
)
def test_what_does_not_fit_the_description_is_one_line(tmp_path, annotations, options, message):
    write_edf(tmp_path / "s1_a.edf", annotations, **options)
    describe(tmp_path)
    with pytest.raises(DataError, match=message):
        load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('blink = "eye_movement"', 'blink = "eyes"', "'eyes' is none of the classes"),
        ("'^(s", "'^[s", "no regular expression"),
        ("'^(s\\d+)_'", "'^s'", "has no group"),
        ("hop = 100", "hop = 0", "hop"),
        ("hop = 100", "hops = 100", "did you mean 'hop'"),
        ('source = "annotations"', 'source = "path"', "labels.path"),
    ],
)
def test_a_wrong_description_is_one_line(tmp_path, old, new, message):
    describe(tmp_path, it=(old, new))
    with pytest.raises(ConfigError, match=message):
        load(tmp_path)


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    describe(tmp_path)
    with pytest.raises(DataError, match=r"holds no \*.edf"):
        load(tmp_path)
