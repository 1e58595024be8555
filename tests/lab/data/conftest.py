"""The published formats of ECG5000, and a local server to fetch them from."""

from __future__ import annotations

import functools
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest


def _text(suffix, x, y):
    if suffix == ".txt":
        rows = (f"   {label:.7e}" + "".join(f"  {v: .7e}" for v in row) for label, row in zip(y, x, strict=True))
        return "\n".join(rows) + "\n"
    cells = [[f"{v:.8g}" for v in row] for row in x]
    if suffix == ".tsv":
        return "".join("\t".join([str(label), *row]) + "\n" for label, row in zip(y, cells, strict=True))
    if suffix == ".ts":
        head = (
            "# UCR archive, see Dau et al.\n#\n@problemName ECG5000\n@timeStamps false\n@missing false\n"
            "@univariate true\n@equalLength true\n@seriesLength 140\n@classLabel true 1 2 3 4 5\n@data\n"
        )
        return head + "".join(",".join(row) + f":{label}\n" for label, row in zip(y, cells, strict=True))
    names = "".join(f"@attribute att{i} numeric\n" for i in range(140))
    head = f"% UCR archive\n@relation ECG5000\n\n{names}@attribute target {{1,2,3,4,5}}\n\n@data\n"
    return head + "".join(",".join([*row, str(label)]) + "\n" for label, row in zip(y, cells, strict=True))


@pytest.fixture(scope="session")
def ucr():
    """Beats of the published shape (x, y 1…5), and `write(folder, suffix)` for both files of a format."""
    rng = np.random.default_rng(0)
    x = np.tile([[float(f"{value:.7e}") for value in row] for row in rng.normal(size=(500, 140))], (10, 1))
    y = np.concatenate([np.arange(1, 6), rng.integers(1, 6, 4995)])

    @functools.cache
    def made_up(suffix, rows):
        return _text(suffix, x[rows], y[rows])

    def write(folder, suffix, real=None):
        folder.mkdir(parents=True, exist_ok=True)
        for part, rows in (("TRAIN", range(500)), ("TEST", range(500, 5000))):
            text = made_up(suffix, rows) if real is None else _text(suffix, *(values[rows] for values in real))
            (folder / f"ECG5000_{part}{suffix}").write_text(text)

    return SimpleNamespace(x=x, y=y, write=write)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        home, asked = self.server.home, self.headers.get("Range")
        home.asked.append(asked)
        if home.errors:
            return self.send_error(home.errors.pop(0))
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and home.ranges else 0
        if start >= len(home.content) > 0:
            return self.send_error(416)
        body = home.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        sent = body[: home.cuts.pop(0)] if home.cuts else body
        self.wfile.write(sent)
        self.close_connection = True
        return None

    def log_message(self, *args):
        pass


@pytest.fixture
def home():
    """A server on 127.0.0.1: `content` it has, `ranges` it answers, `cuts` and `errors` to come, `asked` so far."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        url = f"http://127.0.0.1:{server.server_port}/ECG5000.zip"
        server.home = SimpleNamespace(url=url, content=b"", ranges=True, cuts=[], errors=[], asked=[])
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.home
        server.shutdown()
