from __future__ import annotations

import resource
import zlib
from datetime import datetime, timezone

import pytest

from firmware_bridge.client import Bytes
from firmware_bridge.errors import RecordingError
from firmware_bridge.recording import MAX_CHUNK, RecordingWriter, read_recording

CAME = [Bytes(0.5, b"\x00\x01\x02\x00"), Bytes(0.625, b"rubbish"), Bytes(7.25, bytes(range(256)))]


def written(path, came=CAME, **options):
    with RecordingWriter(path, "serial:/dev/ttyACM0", monotonic=lambda: 100.0, **options) as writer:
        for one in came:
            writer.write(100 + one.host_s, one.data)
    return path


def refused(path, message):
    with pytest.raises(RecordingError, match=message) as caught:
        list(read_recording(path))
    assert "\n" not in str(caught.value)


def test_what_is_written_is_read_with_its_times(tmp_path):
    recording = read_recording(written(tmp_path / "a.egb", software="edgeguard 9"))
    assert list(recording) == list(recording) == CAME
    assert (recording.header.link, recording.header.software) == ("serial:/dev/ttyACM0", "edgeguard 9")
    age = datetime.now(timezone.utc) - datetime.fromisoformat(recording.header.started_utc)
    assert 0 <= age.total_seconds() < 60
    assert recording.cut == 0


def test_cut_off_at_any_byte_it_gives_what_is_whole(tmp_path):
    whole = written(tmp_path / "a.egb").read_bytes()
    ends = [len(whole) - sum(16 + len(one.data) for one in CAME[number:]) for number in range(len(CAME) + 1)]
    for length in range(ends[0], len(whole) + 1):
        (tmp_path / "b.egb").write_bytes(whole[:length])
        recording = read_recording(tmp_path / "b.egb")
        complete = sum(end <= length for end in ends[1:])
        assert list(recording) == CAME[:complete]
        assert recording.cut == length - ends[complete]


def test_cut_off_within_its_header_it_is_refused(tmp_path):
    whole = written(tmp_path / "a.egb", []).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "a.egb").write_bytes(whole[:length])
        refused(tmp_path / "a.egb", "damaged header" if length >= 8 else "is no recording")


def test_behind_a_damaged_byte_nothing_is_taken_for_what_came(tmp_path):
    whole = written(tmp_path / "a.egb").read_bytes()
    first = len(whole) - sum(16 + len(one.data) for one in CAME)
    for at in range(first, len(whole)):
        (tmp_path / "a.egb").write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        recording = read_recording(tmp_path / "a.egb")
        came = list(recording)
        assert len(came) < len(CAME)
        assert came == CAME[: len(came)]
        assert recording.cut == sum(16 + len(one.data) for one in CAME[len(came) :])


def test_a_length_beyond_the_bound_is_not_read(tmp_path):
    with written(tmp_path / "a.egb", []).open("ab") as file:
        file.write(bytes(8) + (MAX_CHUNK + 1).to_bytes(4, "little"))
    recording = read_recording(tmp_path / "a.egb")
    assert (list(recording), recording.cut) == ([], 12)


def test_more_than_a_chunk_takes_is_parted(tmp_path):
    parts = list(read_recording(written(tmp_path / "a.egb", [Bytes(1.0, bytes(MAX_CHUNK) + b"x")])))
    assert parts == [Bytes(1.0, bytes(MAX_CHUNK)), Bytes(1.0, b"x")]


def test_times_never_go_back(tmp_path):
    came = [Bytes(2.0, b"a"), Bytes(1.0, b"b"), Bytes(-1.0, b"c")]
    assert [one.host_s for one in read_recording(written(tmp_path / "a.egb", came))] == [2.0, 2.0, 2.0]


@pytest.mark.parametrize("content", [b"", b"0,1.5\n1,1.6\n", b"\x89EGB\n\x1a\n" + bytes(60)])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "a.egb").write_bytes(content)
    refused(tmp_path / "a.egb", "is no recording of a wearable's link: give the .egb file")


def test_a_newer_format_is_refused(tmp_path):
    content = bytearray(written(tmp_path / "a.egb").read_bytes())
    content[8] = 2
    (tmp_path / "a.egb").write_bytes(content)
    refused(tmp_path / "a.egb", "is of format 2, but 1 is known here: upgrade EdgeGuard")


@pytest.mark.parametrize("said", [b"{}", b"[1]", b"\xff", b"[" * 40000])
def test_a_header_that_says_nothing_is_refused(tmp_path, said):
    head = b"\x89EGB\r\n\x1a\n\x01\x00" + len(said).to_bytes(2, "little") + said
    (tmp_path / "a.egb").write_bytes(head + zlib.crc32(head).to_bytes(4, "little"))
    refused(tmp_path / "a.egb", "damaged header")


def test_a_recording_is_not_overwritten_without_being_told(tmp_path):
    path = written(tmp_path / "a.egb")
    with pytest.raises(RecordingError, match="is there already: choose another name"):
        RecordingWriter(path, "tcp:h:1")
    assert list(read_recording(path)) == CAME
    assert list(read_recording(written(path, CAME[:1], overwrite=True))) == CAME[:1]


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    with pytest.raises(RecordingError, match=r"nowhere/a\.egb cannot be written \(No such file"):
        RecordingWriter(tmp_path / "nowhere" / "a.egb", "tcp:h:1")
    refused(tmp_path / "a.egb", "there is no recording at .*: check the path")
    refused(tmp_path, "cannot be read")


def test_a_full_disk_keeps_what_was_written(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RecordingWriter(tmp_path / "a.egb", "tcp:h:1", monotonic=lambda: 0.0) as writer:
        writer.write(1.5, b"first")
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (writer.size + 100, hard))
            with pytest.raises(RecordingError, match=r"takes no more .*: its \d+ bytes are kept; free some space"):
                writer.write(1.6, bytes(200))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    recording = read_recording(tmp_path / "a.egb")
    assert (list(recording), recording.cut) == ([Bytes(1.5, b"first")], 0)
