from __future__ import annotations

import io
import json
import pickle
import zipfile

import numpy as np
import pytest

from edgeguard.errors import ConfigError, DataError
from edgeguard.signals import universal
from edgeguard.signals.spec import SignalSpec
from edgeguard.signals.universal import UniversalFacts, UniversalPerturbation

VALUES = np.linspace(-0.1, 0.1, 16, dtype=np.float32).reshape(2, 8)
FACTS = {
    "channels": ["I", "II"],
    "units": "mV",
    "norm": "linf",
    "epsilon": 0.1,
    "fool_rate": 0.85,
    "source": "a test",
    "rate_hz": 360.0,
}


def perturbation(values=VALUES, **changes):
    return UniversalPerturbation(values, UniversalFacts(**{**FACTS, "channels": ("I", "II"), **changes}))


def write(path, values=VALUES, facts=None, **members):
    arrays = {"values": values, "facts": np.array(json.dumps(FACTS if facts is None else facts)), **members}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


@pytest.mark.parametrize(
    "changes",
    [{}, {"rate_hz": None}, {"epsilon": (0.1, 0.2)}, {"norm": "l2", "epsilon": 0.3}, {"source": "été ✓"}],
)
def test_what_is_saved_is_loaded(tmp_path, changes):
    saved = perturbation(**changes)
    saved.save(tmp_path / "new" / "one.npz")
    loaded = UniversalPerturbation.load(tmp_path / "new" / "one.npz")
    np.testing.assert_array_equal(loaded.values, saved.values)
    assert loaded.values.dtype == np.float32
    assert loaded.facts == saved.facts
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["one.npz"]


def test_the_format_is_two_plain_arrays(tmp_path):
    perturbation().save(tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as arrays:
        assert json.loads(str(arrays["facts"])) == FACTS
        np.testing.assert_array_equal(arrays["values"], VALUES)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"values": None}, "facts and values alone"),
        ({"extra": VALUES}, "facts and values alone"),
        ({"values": VALUES.astype(np.float64)}, "float64"),
        ({"values": VALUES.astype(">f4")}, ">f4"),
        ({"values": np.array([[{}]], dtype=object)}, "Object arrays cannot be loaded"),
        ({"values": VALUES[0]}, r"\(8,\)"),
        ({"values": VALUES[:1]}, r"\(1, 8\), not float32 \(2, samples\)"),
        ({"values": VALUES * np.float32(np.nan)}, "not all finite"),
        ({"values": np.full((2, 8), np.inf, np.float32)}, "not all finite"),
        ({"values": 2 * VALUES}, r"leave the linf ball of radius 0\.1"),
        ({"facts": {**FACTS, "epsilon": 0}}, r"> 0\.0"),
        ({"facts": {**FACTS, "epsilon": [0.1, 0.1, 0.1]}}, "3 radii"),
        ({"facts": {**FACTS, "epsilon": [1.0, 1.0], "norm": "l2"}}, "2 radii do not make an l2 ball"),
        ({"facts": {**FACTS, "norm": "l1"}}, "l1"),
        ({"facts": {**FACTS, "rate_hz": "fast"}}, "rate_hz"),
        ({"facts": {**FACTS, "subject": "S01"}}, "subject"),
        ({"facts": {"channels": ["I", "II"]}}, "units"),
        ({"facts": []}, "object"),
    ],
)
def test_another_content_is_refused_in_one_line(tmp_path, content, reason):
    with pytest.raises(
        DataError, match=rf"one\.npz is no universal perturbation .*{reason}.*: craft it again"
    ) as caught:
        UniversalPerturbation.load(write(tmp_path / "one.npz", **content))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("member", [np.array(["{}", "{}"]), np.array(3.0), np.array(b"{}")])
def test_facts_must_be_one_text(tmp_path, member):
    np.savez(tmp_path / "one.npz", values=VALUES, facts=member)
    with pytest.raises(DataError, match="not one text"):
        UniversalPerturbation.load(tmp_path / "one.npz")


def test_no_cut_or_foreign_file_gets_through(tmp_path):
    path = write(tmp_path / "one.npz")
    whole = path.read_bytes()
    for content in (
        *(whole[:end] for end in range(0, len(whole), 37)),
        pickle.dumps(VALUES),
        b"text",
        VALUES.tobytes(),
    ):
        path.write_bytes(content)
        with pytest.raises(DataError, match="is no universal perturbation"):
            UniversalPerturbation.load(path)
    with pytest.raises(DataError, match="is no universal perturbation"):
        UniversalPerturbation.load(tmp_path)


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    path = write(tmp_path / "one.npz")
    monkeypatch.setattr(universal, "LARGEST_BYTES", path.stat().st_size - 1)
    with pytest.raises(DataError, match="larger than"):
        UniversalPerturbation.load(path)


def test_nor_one_that_unpacks_to_too_much(tmp_path):
    np.savez_compressed(
        tmp_path / "one.npz", values=np.zeros((2, 1 << 22), np.float32), facts=np.array(json.dumps(FACTS))
    )
    assert (tmp_path / "one.npz").stat().st_size < 1 << 17
    with pytest.raises(DataError, match="unpacks to more than"):
        UniversalPerturbation.load(tmp_path / "one.npz")


def test_nor_one_whose_header_claims_too_much(tmp_path):
    path = write(tmp_path / "one.npz")
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (2, 1 << 50)})
    with zipfile.ZipFile(path) as archive:
        facts = archive.read("facts.npy")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("facts.npy", facts)
        archive.writestr("values.npy", header.getvalue())
    with pytest.raises(DataError, match="is no universal perturbation"):
        UniversalPerturbation.load(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channels": ("II", "I")}, "channels I, II, the signal has II, I"),
        ({"channels": ("I",)}, "channels I, II, the signal has I"),
        ({"window": 9}, "samples 8, the signal has 9"),
        ({"rate_hz": 250.0}, r"rate_hz 360\.0, the signal has 250\.0"),
        ({"rate_hz": None}, r"rate_hz 360\.0, the signal has None"),
        ({"preprocessing": ("zscore",)}, "units mV, the signal has z-score"),
    ],
)
def test_a_signal_that_it_was_not_made_for_is_refused(changes, message):
    fitting = {"channels": ("I", "II"), "units": "mV", "window": 8, "hop": 4, "rate_hz": 360.0}
    perturbation().require_fits(SignalSpec(**fitting))
    with pytest.raises(ConfigError, match=f"made for {message}: craft one on this signal"):
        perturbation().require_fits(SignalSpec(**{**fitting, **changes}))
