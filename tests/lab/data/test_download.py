from __future__ import annotations

import errno
from pathlib import Path

import pytest

from edgeguard.errors import ConfigError, DataError, StorageError
from edgeguard.lab.data.download import download

CONTENT = bytes(range(256)) * 2000


def bring(home, target, progress=lambda done, total: None):
    download(home.url, target, progress, first_pause_s=0.0)
    return target.read_bytes()


def test_whole_file_in_one_go(home, tmp_path):
    home.content, seen = CONTENT, []
    assert bring(home, tmp_path / "new" / "a.zip", lambda done, total: seen.append((done, total))) == CONTENT
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["a.zip"]
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_cut_connections_are_resumed_where_they_broke(home, tmp_path):
    home.content, home.cuts = CONTENT, [100_000, 50_000]
    assert bring(home, tmp_path / "a.zip") == CONTENT
    assert home.asked == [None, "bytes=100000-", "bytes=150000-"]


def test_next_call_goes_on_from_the_part_on_disk(home, tmp_path):
    home.content = CONTENT
    (tmp_path / "a.zip.part").write_bytes(CONTENT[:300_000])
    assert bring(home, tmp_path / "a.zip") == CONTENT
    assert home.asked == ["bytes=300000-"]


def test_server_without_ranges_is_asked_from_the_start(home, tmp_path):
    home.content, home.ranges, home.cuts = CONTENT, False, [1000]
    assert bring(home, tmp_path / "a.zip") == CONTENT


def test_part_longer_than_the_file_is_thrown_away(home, tmp_path):
    home.content = CONTENT
    (tmp_path / "a.zip.part").write_bytes(CONTENT + b"older")
    assert bring(home, tmp_path / "a.zip") == CONTENT


def test_server_trouble_is_waited_out(home, tmp_path):
    home.content, home.errors = CONTENT, [503, 500]
    assert bring(home, tmp_path / "a.zip") == CONTENT


def test_giving_up_keeps_the_part_and_says_so(home, tmp_path):
    home.content, home.cuts = CONTENT, [1000] * 5
    with pytest.raises(DataError, match=r"broke off 5 times \(5000 of 512000 bytes came\): run it again"):
        bring(home, tmp_path / "a.zip")
    assert (tmp_path / "a.zip.part").read_bytes() == CONTENT[:5000]
    assert not (tmp_path / "a.zip").exists()


def test_missing_page_is_not_asked_for_again(home, tmp_path):
    home.errors = [404]
    with pytest.raises(DataError, match="answers 404 Not Found: check the address"):
        bring(home, tmp_path / "a.zip")
    assert len(home.asked) == 1


def test_nobody_there_is_one_line(tmp_path):
    with pytest.raises(DataError, match=r"broke off 5 times \(.*refused\)"):
        download("http://127.0.0.1:9/a.zip", tmp_path / "a.zip", lambda *_: None, first_pause_s=0.0)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/a", "a.zip"])
def test_only_http_is_fetched(tmp_path, url):
    with pytest.raises(ConfigError, match="is no http or https address"):
        download(url, tmp_path / "a.zip", lambda *_: None)


def test_full_disk_is_not_tried_again(home, tmp_path, monkeypatch):
    home.content, opened = CONTENT, Path.open

    def full(path, mode="r", **kwargs):
        if path.suffix == ".part":
            raise OSError(errno.ENOSPC, "No space left on device")
        return opened(path, mode, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(StorageError, match="the disk is full"):
        bring(home, tmp_path / "a.zip")
    assert len(home.asked) == 1
