from __future__ import annotations

import numpy as np
import pytest

from edgeguard.device.samples import Feed
from edgeguard.device.sources.played import Played, play
from edgeguard.errors import ConfigError, SourceError
from edgeguard.signals.spec import SignalSpec
from tests.edf_files import CHANNELS, RATE_HZ, wave, write_edf


def all_of(played, n=7):
    pieces = []
    while (values := played(n)) is not None:
        pieces.append(values)
    played.close()
    return np.concatenate(pieces, axis=1)


def recording(tmp_path, values, rate_hz=100.0):
    facts = {} if rate_hz is None else {"rate_hz": rate_hz}
    np.savez(tmp_path / "r.npz", signal=np.asarray(values, np.float32), **facts)
    return str(tmp_path / "r.npz")


def test_a_recording_is_given_as_many_samples_as_are_asked_for(tmp_path):
    values = np.arange(40.0).reshape(2, 20)
    played = play(recording(tmp_path, values))
    assert (played.channels, played.unit, played.rate_hz) == (("0", "1"), "uV", 100.0)
    assert played(3).shape == (2, 3)
    np.testing.assert_allclose(all_of(played), 1000 * values[:, 3:])  # without a unit they are mV


def test_a_csv_keeps_its_names_and_another_unit_is_kept(tmp_path):
    (tmp_path / "r.csv").write_text("x,y\n1,2\n,4\n")
    played = play(str(tmp_path / "r.csv"), unit="g", rate_hz=50.0)
    assert (played.channels, played.unit, played.rate_hz) == (("x", "y"), "g", 50.0)
    np.testing.assert_array_equal(all_of(played), [[1, np.nan], [2, 4]])


def test_chosen_channels_are_played_in_the_order_in_which_they_are_named(tmp_path):
    (tmp_path / "r.csv").write_text("x,y,z\n1,2,3\n4,5,6\n")
    played = play(f"replay:{tmp_path / 'r.csv'},channels=z+x", unit="uV", rate_hz=50.0)
    assert played.channels == ("z", "x")
    np.testing.assert_array_equal(all_of(played), [[3, 6], [1, 4]])


def test_windows_are_laid_end_to_end(tmp_path):
    np.savez(tmp_path / "w.npz", x=np.arange(12.0).reshape(3, 1, 4))
    played = play(str(tmp_path / "w.npz"), unit="z-score", rate_hz=50.0)
    assert played.unit == "z-score"
    np.testing.assert_array_equal(all_of(played), [np.arange(12.0)])


def test_where_records_are_parted_samples_are_missing(tmp_path):
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("1\n2\n")
    played = play(f"replay:{tmp_path / 'a.csv'}+b.csv", unit="uV", rate_hz=50.0)
    np.testing.assert_array_equal(all_of(played), [[1, 2, np.nan, 1, 2]])


def test_a_synthetic_ecg_goes_on_and_is_the_same_by_the_same_seed():
    played = [play(f"synthetic:seed={seed}", rate_hz=125.0) for seed in (1, 1, 2)]
    first, same, other = (one(1000) for one in played)
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)
    assert sum(played[0](1000).shape[1] for _ in range(20)) > 60 * 125
    for one in played:
        one.close()


def test_a_wfdb_record_tells_everything(data_folder):
    played = play(str(data_folder / "mitdb" / "100"))
    assert (played.channels, played.unit, played.rate_hz) == (("MLII", "V5"), "uV", 360.0)
    assert -1000 < played(360).mean() < 0
    played.close()


def test_a_rate_that_the_recording_has_not_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"has the rate 100\.0, not 50\.0: leave out --rate"):
        play(recording(tmp_path, np.zeros((1, 9))), rate_hz=50.0)


def test_a_recording_without_a_rate_needs_one(tmp_path):
    with pytest.raises(ConfigError, match="does not tell its rate: give it with --rate"):
        play(recording(tmp_path, np.zeros((1, 9)), rate_hz=None))


def test_what_cannot_be_read_is_refused_before_it_is_played(tmp_path):
    with pytest.raises(SourceError, match="there is no recording"):
        play(str(tmp_path / "none.npz"))


class Live:
    async def open(self, signal):
        return Feed(100.0, None, live=True)

    async def close(self):
        self.closed = True


def test_a_live_source_is_refused_and_let_go_of():
    source, signal = Live(), SignalSpec(channels=("ECG",), units="mV", window=1, hop=1, rate_hz=100.0)
    with pytest.raises(SourceError, match="a live source cannot be played once more"):
        Played(source, signal, "uV")
    assert source.closed


def test_a_source_that_breaks_off_tells_whoever_calls(tmp_path):
    (tmp_path / "a.csv").write_text("1\n2\n")
    (tmp_path / "b.csv").write_text("no\nnumber\n")
    played = play(f"replay:{tmp_path / 'a.csv'}+b.csv", unit="uV", rate_hz=50.0)
    with pytest.raises(SourceError, match=r"b\.csv cannot be read"):
        all_of(played)
    assert played(1) is None


def test_a_signal_of_an_edf_file_is_chosen_by_name(tmp_path):
    write_edf(tmp_path / "r.edf")
    name, unit, _ = CHANNELS[1]
    played = play(f"replay:{tmp_path / 'r.edf'},channels={name}")
    assert (played.channels, played.rate_hz) == ((name,), RATE_HZ)
    factor = {"uV": 1, "mV": 1000}[unit]
    np.testing.assert_allclose(all_of(played)[0], factor * wave()[1], atol=0.1 * factor)
