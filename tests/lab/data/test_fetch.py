from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import tarfile
import zipfile

import numpy as np
import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.lab.data import DATASETS, ecg5000
from edgeguard.lab.data.facts import FACTS
from edgeguard.lab.data.fetch import content_sha256, fetch


def zipped(members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def files(tmp_path_factory, ucr, monkeypatch):
    """The two .ts files by name; their made-up beats count as the published ones."""
    folder = tmp_path_factory.mktemp("ucr")
    ucr.write(folder, ".ts")
    published = content_sha256(ecg5000.load(folder, classes="five"))
    monkeypatch.setitem(FACTS, "ecg5000", dataclasses.replace(FACTS["ecg5000"], content_sha256=published))
    return {path.name: path.read_text() for path in folder.iterdir()}


def tarred(members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def what_is_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_fetched_set_loads_and_its_origin_is_noted(tmp_path, home, files):
    home.content = zipped({**files, "README.md": "about", "ECG5000_TRAIN.arff": "other"})
    assert fetch("ecg5000", tmp_path, url=home.url) == f"ecg5000 is now in {tmp_path / 'ECG5000'}"
    assert len(ecg5000.load(tmp_path).y) == 5000
    assert what_is_in(tmp_path) == ["ECG5000"]
    assert what_is_in(tmp_path / "ECG5000") == ["ECG5000_TEST.ts", "ECG5000_TRAIN.ts", "origin.json"]
    origin = json.loads((tmp_path / "ECG5000" / "origin.json").read_text())
    assert origin["archive_sha256"] == hashlib.sha256(home.content).hexdigest()
    assert origin["url"] == home.url


def test_what_is_there_is_not_fetched_again(tmp_path, home, files):
    home.content = zipped(files)
    fetch("ecg5000", tmp_path, url=home.url)
    assert fetch("ecg5000", tmp_path, url=home.url) == f"ecg5000 is already in {tmp_path / 'ECG5000'}"
    assert len(home.asked) == 1


def test_folder_that_is_there_keeps_what_it_holds(tmp_path, home, files):
    (tmp_path / "ECG5000").mkdir()
    (tmp_path / "ECG5000" / "notes.txt").write_text("mine")
    home.content = zipped(files)
    fetch("ecg5000", tmp_path, url=home.url)
    assert "notes.txt" in what_is_in(tmp_path / "ECG5000")


def changed_label(files):
    name = "ECG5000_TEST.ts"
    return {**files, name: files[name].replace(":2\n", ":3\n", 1)}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda files: zipped(changed_label(files)), "is not the published ecg5000 .*: report it"),
        (lambda files: zipped({"ECG5000_TRAIN.ts": files["ECG5000_TRAIN.ts"]}), "does not hold ECG5000_TRAIN.ts and"),
        (lambda files: zipped({**files, "ECG5000_TEST.ts": files["ECG5000_TEST.ts"][:5000]}), "has 4500 rows of 140"),
        (lambda files: zipped(files)[:-100], r"ECG5000\.zip is damaged \(File is not a zip file\): fetch it again"),
        (lambda files: zipped(files).replace(b"PK\x01\x02", b"PK\x01\x03", 1), "is damaged"),
        (lambda files: b"<html>Sign in to this network</html>", "is damaged"),
    ],
    ids=["one label", "half the files", "cut file", "cut archive", "directory", "web page"],
)
def test_wrong_bytes_leave_nothing_behind(tmp_path, home, files, content, message):
    home.content = content(files)
    with pytest.raises(DataError, match=message) as caught:
        fetch("ecg5000", tmp_path, url=home.url)
    assert "\n" not in str(caught.value)
    assert what_is_in(tmp_path) == []


def test_no_single_changed_byte_of_the_archive_gets_in(tmp_path, home, files):
    whole = zipped(files)
    for position in np.random.default_rng(0).integers(200, len(whole) - 400, 5):
        home.content = whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :]
        with pytest.raises(DataError):
            fetch("ecg5000", tmp_path, url=home.url)
        assert what_is_in(tmp_path) == []


def test_archive_cannot_write_outside_its_folder(tmp_path, home, files):
    folder = tmp_path / "data"
    outside = {f"../../{name}": content for name, content in files.items()}
    home.content = zipped({**outside, "../evil.txt": "x", "/etc/evil.txt": "x"})
    fetch("ecg5000", folder, url=home.url)
    assert what_is_in(tmp_path) == ["data"]
    assert what_is_in(folder / "ECG5000") == ["ECG5000_TEST.ts", "ECG5000_TRAIN.ts", "origin.json"]


@pytest.mark.data
def test_real_beats_written_to_8_digits_are_recognized(tmp_path, home, ucr, data_folder):
    real = ecg5000.load(data_folder, classes="five")
    ucr.write(tmp_path / "made", ".txt", (real.x[:, 0].astype(np.float64), real.y + 1))
    home.content = zipped({path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()})
    fetch("ecg5000", tmp_path / "data", url=home.url)
    np.testing.assert_allclose(ecg5000.load(tmp_path / "data").x, real.x, rtol=1e-6)


def test_content_hash_sees_windows_and_labels_but_no_last_bit(ucr, tmp_path):
    ucr.write(tmp_path, ".tsv")
    dataset = ecg5000.load(tmp_path)
    relabelled, moved, blurred = dataset.y.copy(), dataset.x.copy(), dataset.x * np.float32(1 + 1e-9)
    relabelled[7] ^= 1
    moved[7, 0, 3] += 0.001
    assert content_sha256(dataclasses.replace(dataset, y=relabelled)) != content_sha256(dataset)
    assert content_sha256(dataclasses.replace(dataset, x=moved)) != content_sha256(dataset)
    assert content_sha256(dataclasses.replace(dataset, x=blurred)) == content_sha256(dataset)


def test_set_that_is_made_needs_no_fetching(tmp_path):
    assert fetch("synthetic_ecg", tmp_path) == "synthetic_ecg is made on the fly: nothing to fetch"


def test_unknown_set_names_the_near_match(tmp_path):
    with pytest.raises(ConfigError, match=r"no data set is called 'ecg500' \(did you mean 'ecg5000'\?\)"):
        fetch("ecg500", tmp_path)


def test_every_set_of_ours_has_its_facts():
    assert set(FACTS) == set(DATASETS.names())


@pytest.fixture
def batches(monkeypatch):
    """The files of CIFAR-10's archive by name, which counts as the published one."""
    batches = {f"cifar-10-batches-py/{name}": name.encode() for name in FACTS["cifar10"].files[0]}
    digest = hashlib.sha256(tarred(batches)).hexdigest()
    monkeypatch.setitem(FACTS, "cifar10", dataclasses.replace(FACTS["cifar10"], archive_sha256=digest))
    return batches


@pytest.fixture(autouse=True)
def same_time(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1.6e9)  # gzip writes it into its header


def test_a_tar_archive_is_known_by_its_own_hash(tmp_path, home, batches):
    home.content = tarred(batches)
    assert fetch("cifar10", tmp_path, url=home.url) == f"cifar10 is now in {tmp_path / 'cifar-10-batches-py'}"
    origin = json.loads((tmp_path / "cifar-10-batches-py" / "origin.json").read_text())
    assert origin["archive_sha256"] == hashlib.sha256(home.content).hexdigest()
    assert (tmp_path / "cifar-10-batches-py" / "test_batch").read_bytes() == b"test_batch"


def test_another_tar_archive_is_not_even_unpacked(tmp_path, home, batches):
    home.content = tarred({**batches, "cifar-10-batches-py/test_batch": b"other"})
    with pytest.raises(DataError, match="is not the published cifar10"):
        fetch("cifar10", tmp_path, url=home.url)
    assert what_is_in(tmp_path) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda batches: tarred(batches)[:100], r"cifar-10-batches-py\.tar\.gz is damaged"),
        (lambda batches: tarred(dict(list(batches.items())[1:])), "does not hold data_batch_1 and 5 others"),
    ],
    ids=["cut", "a file is missing"],
)
def test_a_damaged_tar_archive_leaves_nothing_behind(tmp_path, home, batches, monkeypatch, content, message):
    home.content = content(batches)
    digest = hashlib.sha256(home.content).hexdigest()
    monkeypatch.setitem(FACTS, "cifar10", dataclasses.replace(FACTS["cifar10"], archive_sha256=digest))
    with pytest.raises(DataError, match=message):
        fetch("cifar10", tmp_path, url=home.url)
    assert what_is_in(tmp_path) == []
