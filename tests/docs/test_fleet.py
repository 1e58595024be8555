import re
from pathlib import Path

import msgspec

from edgeguard.config import read_toml, record_from
from edgeguard.fleet.config import FleetConfig

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "fleet.md").read_text()


def test_config_file_on_the_page_is_valid_and_shows_every_key(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "fleet.toml").write_text(text)
    record_from(read_toml(tmp_path / "fleet.toml"), FleetConfig, "fleet.toml")
    for table in msgspec.structs.fields(FleetConfig):
        shown = "".join(part.split("\n[")[0] for part in text.split(f"[{table.name}]")[1:])
        for key in msgspec.structs.fields(table.type):
            assert re.search(rf"^{key.name} = ", shown, flags=re.MULTILINE), f"{table.name}.{key.name}"
