from __future__ import annotations

import re
from pathlib import Path

import msgspec

from edgeguard.device.config import DeviceConfig, load_config

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "run.md").read_text()


def test_config_file_on_the_page_is_valid_and_shows_every_key(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "device.toml").write_text(text)
    load_config(tmp_path / "device.toml", {})
    for table in msgspec.structs.fields(DeviceConfig):
        shown = text.split(f"[{table.name}]")[1].split("\n[")[0]
        for key in msgspec.structs.fields(table.type):
            assert re.search(rf"^{key.name} = ", shown, flags=re.MULTILINE), f"{table.name}.{key.name}"
