"""What is measured, against whom; each command writes its figures to results/<subject>.json."""

from __future__ import annotations

from pathlib import Path
from typing import Final

RESULTS: Final = Path(__file__).resolve().parent / "results"
