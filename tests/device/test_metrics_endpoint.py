from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edgeguard.device.metrics_endpoint import MetricsSink, Snapshot
from edgeguard.device.samples import Alarm, StreamCounts
from edgeguard.errors import ConfigError
from edgeguard.telemetry.messages import BundleFact

SHA = "ab" * 32
BUNDLE = BundleFact(name="tiny", version="1.2.0", sha256=SHA)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "device.md"


@pytest.fixture(scope="module")
def serve():
    """Opens a sink with a snapshot; all are closed at the end, together, since each takes half a second."""
    opened = []

    def make(port=0, **facts):
        facts = {"streams": {}, **facts}
        opened.append(MetricsSink(port, lambda: Snapshot(BUNDLE, **facts)))
        return opened[-1]

    yield make
    with ThreadPoolExecutor(len(opened)) as pool:
        list(pool.map(MetricsSink.close, opened))


def scraped(sink):
    with urllib.request.urlopen(f"http://127.0.0.1:{sink.port}/metrics", timeout=30) as answer:
        return answer.read().decode()


def samples_of(text):
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(sink, name, /, **labels):
    return samples_of(scraped(sink))[f"edgeguard_{name}", tuple(sorted(labels.items()))]


def test_verdicts_are_counted_by_source(serve, verdict_at):
    sink = serve()
    for source in ("a", "a", "b"):
        sink.put(replace(verdict_at(0), source=source), [], 0.25)
    sink.put(replace(verdict_at(0, rejected="flat"), source="b"), [], 0.25)
    assert [value(sink, "windows_total", source=source) for source in "ab"] == [2, 2]
    assert value(sink, "rejected_windows_total", source="b", reason="flat") == 1
    assert value(sink, "stages_total") == 6


def test_alarms_are_counted_when_they_begin(serve, verdict_at):
    sink, high = serve(), replace(verdict_at(0, disagreement=0.5), source="a")
    begun = Alarm("drift", True, high, 6.0, 5.0, windows=1, suppressed=0)
    sink.put(high, [begun, replace(begun, kind="window", raised=False)], 0.25)
    assert value(sink, "alarms_total", source="a", kind="drift") == 1
    assert value(sink, "alarms_total", source="a", kind="window") == 0


def test_latency_is_a_histogram_in_seconds(serve, verdict_at):
    sink = serve()
    for latency_ms in (0.25, 0.5, 3.0, 9000.0):
        sink.put(verdict_at(0), [], latency_ms)
    assert [value(sink, "latency_seconds_bucket", le=le) for le in ("0.0005", "0.005", "5.0", "+Inf")] == [2, 3, 3, 4]
    assert value(sink, "latency_seconds_count") == 4
    assert value(sink, "latency_seconds_sum") == pytest.approx(9.00375)


def test_streams_spool_broker_and_bundle(serve):
    stream = StreamCounts(gaps=1, missing_samples=20, repeated_samples=3, faults=Counter(stall=2), suppressed=4)
    sink = serve(streams={"a": stream}, waiting=7, dropped={"alert": 1}, broker_connected=False)
    assert [value(sink, f"{name}_total", source="a") for name in ("gaps", "missing_samples", "repeated_samples")] == [
        1,
        20,
        3,
    ]
    assert value(sink, "suppressed_alarms_total", source="a") == 4
    assert value(sink, "faults_total", source="a", kind="stall") == 2
    assert (value(sink, "spool_waiting_messages"), value(sink, "broker_connected")) == (7, 0)
    assert value(sink, "spool_dropped_messages_total", kind="alert") == 1
    assert value(sink, "bundle_info", name="tiny", version="1.2.0", sha256=SHA) == 1


def test_the_battery_is_there_while_it_is_told(serve):
    page = scraped(serve(streams={"a": StreamCounts(battery=0.625), "b": StreamCounts()}))
    assert samples_of(page)["edgeguard_battery_ratio", (("source", "a"),)] == 0.625
    assert 'battery_ratio{source="b"}' not in page


def test_without_a_broker_nothing_is_said_of_one(serve):
    assert "edgeguard_broker" not in scraped(serve())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_memory_of_the_process_is_there(serve):
    assert samples_of(scraped(serve()))["process_resident_memory_bytes", ()] > 1e6


def test_names_are_of_base_units_and_all_are_in_the_document(serve, verdict_at):
    sink = serve(streams={"a": StreamCounts()}, broker_connected=True)
    ours = [name for name in families(scraped(sink)) if name.startswith("edgeguard_")]
    assert len(ours) > 10
    for name in ours:
        assert not name.endswith(("_ms", "_percent", "_mb"))
        assert f"`{name}" in PAGE.read_text()


def families(text):
    return [family.name for family in text_string_to_metric_families(text)]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool, a part of Prometheus, is not installed")
def test_promtool_has_nothing_to_object(serve, verdict_at):
    sink = serve(streams={"a": StreamCounts()}, broker_connected=True)
    sink.put(verdict_at(0), [], 0.25)
    subprocess.run(["promtool", "check", "metrics"], input=scraped(sink), text=True, check=True)


def test_only_this_machine_may_ask(serve):
    assert serve()._server.server_address[0] == "127.0.0.1"


def test_port_that_is_taken_is_one_line(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{port} \(Address already in use\): choose another"):
            serve(port)


def test_port_is_free_again_after_closing(serve):
    first = serve()
    first.close()
    first.close()
    assert serve(first.port).port == first.port
