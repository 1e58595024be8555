from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec

from edgeguard.device.config import DeviceConfig, load_config

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "device.md").read_text()


def test_config_file_on_the_page_is_valid_and_shows_every_key(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "device.toml").write_text(text)
    load_config(tmp_path / "device.toml", {})
    for table in msgspec.structs.fields(DeviceConfig):
        shown = "".join(part.split("\n[")[0] for part in text.split(f"[{table.name}]")[1:])
        record = next(kind for kind in (table.type, *get_args(table.type)) if issubclass(kind, msgspec.Struct))
        for key in msgspec.structs.fields(record):
            assert re.search(rf"^{key.name} = ", shown, flags=re.MULTILINE), f"{table.name}.{key.name}"
