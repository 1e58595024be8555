from __future__ import annotations

import contextlib
import os
import pickle

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgeguard.lab.data.pickled import read_pickled
from tests.lab.data.cifar_files import pickled

X = np.random.default_rng(0).integers(0, 256, (20, 3072), dtype=np.uint8)
Y = np.arange(20) % 10
BATCH = pickled(X, Y)


def test_a_batch_is_read_as_python_reads_it():
    mine, pythons = read_pickled(BATCH), pickle.loads(BATCH, encoding="latin1")
    np.testing.assert_array_equal(mine["data"], X)
    np.testing.assert_array_equal(pythons["data"], X)
    assert mine["labels"] == pythons["labels"] == Y.tolist()
    assert mine["batch_label"] == pythons["batch_label"]


@pytest.mark.parametrize("protocol", [2, 3])
def test_plain_values_come_back(protocol):
    value = {"numbers": [1, -2, 70000], "pair": ("a", None), "yes": True, "empty": [(), {}, []], "big": 2**40}
    assert read_pickled(pickle.dumps(value, protocol)) == value


class Malicious:
    def __reduce__(self):
        return os.system, ("touch /tmp/edgeguard-was-here",)


@pytest.mark.parametrize(
    "content",
    [
        pickle.dumps(Malicious(), 2),
        pickle.dumps({"data": Malicious()}, 4),
        b"cos\nsystem\n(S'true'\ntR.",
        b"c__builtin__\neval\nU\x011\x85R.",
        BATCH.replace(b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy.core.multiarray\nload\n"),
    ],
    ids=["protocol 2", "protocol 4", "protocol 0", "eval", "another name of numpy"],
)
def test_a_pickle_that_would_run_something_is_refused_and_runs_nothing(content, monkeypatch):
    monkeypatch.setattr(os, "system", lambda _: pytest.fail("it ran"))
    with pytest.raises(ValueError, match=r"it names|it holds the opcode"):
        read_pickled(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BATCH[:-1], "."),
        (BATCH[:5000], "."),
        (pickled(X, Y, kind="O8"), "something else than bytes"),
        (pickled(X, Y, kind="f4"), "something else than bytes"),
        (BATCH.replace(b"M\x00\x0c\x86", b"M\x01\x0c\x86"), "cannot reshape"),
        (b"\x80\x02cnumpy\ndtype\nU\x02u1\x85R.", "makes something that is no array"),
        (b"}(K\x01u.", "."),
        (b"K\x01K\x02b.", "was not made"),
        (b"K\x01K\x02R.", "calls what is no name"),
        (b"", "."),
    ],
)
def test_what_is_no_data_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        read_pickled(content)


SMALL = pickled(X[:2, :9], Y[:2])


@given(st.integers(0, len(SMALL) - 1), st.integers(1, 255))
@example(SMALL.index(b"numpy"), 1)
def test_a_changed_byte_gives_a_value_or_a_value_error(at, by):
    content = SMALL[:at] + bytes([SMALL[at] ^ by]) + SMALL[at + 1 :]
    with contextlib.suppress(ValueError):
        read_pickled(content)
