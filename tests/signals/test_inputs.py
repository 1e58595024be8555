from __future__ import annotations

import msgspec
import pytest

from edgeguard.errors import ConfigError
from edgeguard.signals.inputs import ImageSpec, TableSpec, input_spec_hook, require_signal
from edgeguard.signals.spec import InputSpec, SignalSpec

SIGNAL = SignalSpec(channels=("ECG",), units="mV", window=8, hop=8)
TABLE = TableSpec(features=("age", "sex"), continuous=("age",))
IMAGE = ImageSpec(channels=("grey",), height=4, width=6, bounds=(0.0, 255.0))


def read(text):
    return msgspec.json.decode(text, type=InputSpec, dec_hook=input_spec_hook)


@pytest.mark.parametrize("spec", [SIGNAL, TABLE, IMAGE])
def test_every_kind_comes_back_from_json(spec):
    assert read(msgspec.json.encode(spec)) == spec


def test_a_signal_is_written_as_bundles_have_it():
    assert "kind" not in msgspec.to_builtins(SIGNAL)


def test_facts_of_each_kind():
    assert [spec.shape for spec in (SIGNAL, TABLE, IMAGE)] == [(1, 8), (2,), (1, 4, 6)]
    assert [spec.limits for spec in (SIGNAL, TABLE, IMAGE)] == [None, None, (0.0, 255.0)]
    assert [spec.input_units for spec in (SIGNAL, TABLE, IMAGE)] == ["mV", "as recorded", "pixels of 0 to 255"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"kind": "graph"}', "no input is of kind 'graph'"),
        (b'{"kind": "table", "features": []}', "length >= 1"),
        (b'{"kind": "table", "features": ["age"], "continuous": ["hours"]}', "'hours' is none of the features"),
        (b'{"channels": ["ECG"]}', "missing required field `units`"),
    ],
)
def test_what_is_no_input_is_refused(text, message):
    with pytest.raises(msgspec.ValidationError, match=message):
        read(text)


def test_where_only_signals_are_served_others_are_refused():
    assert require_signal(SIGNAL, "a device serves") is SIGNAL
    with pytest.raises(ConfigError, match="a device serves signals alone, and this model reads a table: take a model"):
        require_signal(TABLE, "a device serves")
    with pytest.raises(ConfigError, match="reads images"):
        require_signal(IMAGE, "a device serves")
