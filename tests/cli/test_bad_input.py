"""The clumsy and the hostile user: one line on stderr, an exit status that is not 0, nothing half-written."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeguard.bundle import signature
from edgeguard.cli import command
from tests.brokers import eventually
from tests.lab.data.conftest import home, ucr  # noqa: F401 - fixtures
from tests.tiny_model import write_tiny_bundle

SMALL = [
    *("data.options={windows=240, wearers=2, classes='binary'}", "data.split=[0.5, 0.25, 0.25]"),
    *(
        "net.options={filters=4, kernels=[7, 3]}",
        "training.epochs=1",
        "calibration={false_alarm_rate=0.05, accuracy_loss=0}",
    ),
    *("evaluation.epsilons=[0.3]", "evaluation.steps=2"),
]
PAPER = "early-exit-ensembles"


def train(out, *changes):
    assignments = (word for change in (*SMALL, *changes) for word in ("--set", change))
    return ["train", "synthetic-ecg", "--out", str(out), "--quiet", *assignments]


@pytest.fixture
def refused(edgeguard, tmp_path):
    """Run a command that must be refused: its one line, after a look that it left nothing behind."""

    def run(*words, status=1, leaves=()):
        before = set(tmp_path.rglob("*"))
        code, out, err = edgeguard(*words)
        assert (code, out) == (status, "")
        assert re.fullmatch(r"error: [^\n]+\n", err)
        assert set(tmp_path.rglob("*")) - before == {tmp_path / name for name in leaves}
        return err

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of a few seconds, trained and evaluated by the command line."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    for words in (train(folder), ["evaluate", str(folder), "--quiet"]):
        assert CliRunner().invoke(command, words).exit_code == 0
    return folder


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["trian"], 2, "no command 'trian' (did you mean 'train'?): see edgeguard --help"),
        (["train"], 2, "Missing argument 'RECIPE': see edgeguard train --help"),
        (["train", "x", "--nope"], 2, "No such option"),
        (["bundle", "shw"], 2, "No such command 'shw'"),
        (["keygen", ""], 2, "a key pair needs a name"),
        (["train", "ecg500-fcnet"], 1, "no recipe is called 'ecg500-fcnet' (did you mean 'ecg5000-fcnet'?)"),
        (["train", "missing.toml"], 1, "there is no file missing.toml: check the path"),
        (["train", "y" * 300], 1, "File name too long: check the path"),
        (["data", "fetch", "ecg500"], 1, "no data set is called 'ecg500' (did you mean 'ecg5000'?)"),
        (["data", "fetch", "ecg5000", "--data-dir", "a\nb", "--url", "ftp://x"], 1, "is no http or https address"),
        (["evaluate", "nowhere"], 1, "nowhere is not a run (it has no recipe.toml): train one first"),
        (["export", "nowhere", "-o", "x.zip"], 1, "nowhere is not a run"),
        (["bundle", "show", "a\nb\x1b[2J"], 1, "there is no bundle at"),
        (["reproduce", "early-exit"], 1, "no paper is called 'early-exit' (did you mean 'early-exit-ensembles'?)"),
        (["reproduce", PAPER, "--table", "3"], 1, "the paper has no table '3'; there are: 1, 2, cost, all"),
        (["reproduce", PAPER, "--scale", "ful"], 1, "the paper has no scale 'ful' (did you mean 'full'?)"),
        (["reproduce", PAPER, "--rows", "ours,pgd"], 1, "the paper has no row 'pgd'"),
        (["reproduce", PAPER, "--seeds", "0,one"], 1, "--seeds '0,one' is no list of whole numbers: write 0,1,2"),
        (["reproduce", PAPER, "--seeds", "-1"], 1, "--seeds '-1' is no list of whole numbers"),
        (["reproduce", PAPER, "--recipe", "x.toml"], 1, "there is no file x.toml: check the path"),
        (["reproduce", PAPER, "--device", "gpu9"], 1, "there is no device 'gpu9'"),
        (["reproduce", PAPER, "--data-dir", "nowhere"], 1, "ecg5000 is neither in"),
        (["demo", "--data", "mnist"], 2, "'mnist' is not one of 'synthetic', 'ecg5000'"),
    ],
)
def test_wrong_words_are_refused(refused, words, status, message):
    assert message in refused(*words, status=status)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("training.epoch=3", "unknown key 'training.epoch' (did you mean 'epochs'?)"),
        ("training.epochs='many'", "training.epochs: expected int, got str"),
        ("training.learning_rate=nan", "training.learning_rate: expected float > 0"),
        ("training.learning_rate=1e30", "the loss is nan in epoch 1: lower training.learning_rate"),
        ("data.name=ecg500", "no data set is called 'ecg500' (did you mean 'ecg5000'?)"),
        ("data.options.windws=10", "data set synthetic_ecg has no option 'windws' (did you mean 'windows'?)"),
        ("data.split=[0.5, 0.5, 0.5]", "split fractions must be positive and sum to 1"),
        ("data.split=[nan, 0.5, 0.5]", "split fractions must be positive and sum to 1"),
        ("data.preprocessing=['zscor']", "no preprocessing step is called 'zscor' (did you mean 'zscore'?)"),
        ("net.name=fcnt", "no backbone is called 'fcnt' (did you mean 'fcnet'?)"),
        ("net.options.kernels=[]", "give one positive number each"),
        ("net.gamma=inf", "net.gamma: expected float"),
        ("defense.options.alpha=[1, 2]", "alpha must be in [0, 1]"),
        ("evaluation.epsilons=[]", "evaluation.epsilons: expected array of length >= 1"),
        ("calibration.score=mutual", "no disagreement score is called 'mutual' (did you mean 'mutual_information'?)"),
        ("calibration.false_alarm_rate=0.001", "promise a higher rate or set more windows aside"),
        ("name='../x'", "name: expected str matching"),
        ("seed=99999999999999999999", "seed: expected int"),
    ],
)
def test_wrong_recipe_leaves_no_run(refused, change, message):
    left = ["run", "run/recipe.toml"] if "1e30" in change else []  # shows only once it trains
    assert message in refused(*train("run", change), leaves=left)


def beats(**changes):
    arrays = {"x": np.random.default_rng(0).normal(size=(5000, 140)).astype("f4"), "y": np.arange(5000) % 5 + 1}
    return {**arrays, **changes}


def with_nan():
    arrays = beats()
    arrays["x"][7, 3] = np.nan
    return arrays


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        (None, "run edgeguard data fetch ecg5000 or name its folder with --data-dir"),
        (with_nan, "1 windows hold NaN or infinity, the first is number 7"),
        (lambda: beats(x=np.zeros((5000, 139))), "ECG5000 has 5000 rows of 140"),
        (lambda: beats(x=np.zeros((9, 140)), y=np.ones(9)), "holds 9 rows"),
        (lambda: beats(y=np.zeros(5000)), "holds labels other than 1 to 5"),
        (lambda: beats(x=np.array([{}], dtype=object)), "cannot be read"),
    ],
)
def test_wrong_data_file_is_named(refused, tmp_path, arrays, message):
    if arrays:
        np.savez(tmp_path / "ecg5000.npz", **arrays())
    assert message in refused("train", "ecg5000-fcnet", "--data-dir", ".", "--quiet")


def test_cut_data_file_is_named(refused, tmp_path):
    np.savez(tmp_path / "ecg5000.npz", **beats())
    os.truncate(tmp_path / "ecg5000.npz", 1000)
    assert "ecg5000.npz cannot be read" in refused("train", "ecg5000-fcnet", "--data-dir", ".", "--quiet")


def test_fetched_data_with_another_checksum_is_not_kept(refused, tmp_path, home, ucr):  # noqa: F811 - fixtures
    ucr.write(tmp_path / "made-up", ".txt")
    home.content = Path(shutil.make_archive(str(tmp_path / "made-up"), "zip", tmp_path / "made-up")).read_bytes()
    line = refused("data", "fetch", "ecg5000", "--url", home.url, "--data-dir", "data", leaves=["data"])
    assert "is not the published ecg5000" in line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["universal", "-o", "v.npz", "--epsilon", "0"], "epsilon must be positive, not 0.0"),
        (["universal", "-o", "v.npz", "--epsilon", "1", "--norm", "l3"], "no norm is called 'l3'"),
        (["universal", "-o", "v.npz", "--epsilon", "1", "--set", "sample_size=9999"], "too few for sample_size 9999"),
        (["evaluate", "--attack", "sqare"], "no attack is called 'sqare' (did you mean 'square'?)"),
        (["evaluate", "--groups", "no.csv"], "no.csv cannot be read: No such file or directory"),
        (["evaluate", "--set", "seed=1"], "only evaluation.* can change"),
        (["evaluate", "--set", "evaluation.epsilons=['20']"], "epsilon '20' is neither a number nor a ratio"),
        (["evaluate", "--set", "evaluation.epsilons=[[0.1, 0.2, 0.3]]", "--quiet"], "3 radii for a signal of"),
        (
            ["evaluate", "--set", "evaluation.attacks.universal.file=no.npz", "--quiet"],
            "no universal perturbation at no.npz",
        ),
    ],
)
def test_attacks_that_cannot_be_made_are_one_line(refused, trained, words, message):
    name, *options = words
    assert message in refused(name, str(trained), *options)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("run.json", lambda content: content[:50], "cannot be read (Input data was truncated): train again"),
        ("metrics.json", lambda content: content[:50], "run edgeguard evaluate"),
        ("metrics.json", lambda _: b"{}", "lacks agreement, attacks, calibration, clean, pgd, split: evaluate the run"),
        ("metrics.json", None, "is not evaluated: run edgeguard evaluate"),
        ("weights.safetensors", lambda content: content[:-50], "cannot be read"),
        ("weights.safetensors", None, "is not finished: resume it with edgeguard train"),
        ("recipe.toml", lambda content: content[:20], "cannot be read as TOML"),
        ("recipe.toml", lambda content: content.replace(b"filters = 4", b"filters = 5"), "weights of its recipe"),
        (
            "recipe.toml",
            lambda content: content.replace(b"false_alarm_rate = 0.05", b"false_alarm_rate = 0.1"),
            " at 0.1: run edgeguard evaluate on the run again",
        ),
        (
            "recipe.toml",
            lambda content: content.replace(b'"zscore"', b'"center"'),
            "was trained on data",
        ),
    ],
)
def test_damaged_run_is_not_exported(refused, trained, tmp_path, name, change, message):
    shutil.copytree(trained, tmp_path / "run")
    path = tmp_path / "run" / name
    if change:
        path.write_bytes(change(path.read_bytes()))
    else:
        path.unlink()
    assert message in refused("export", "run", "-o", "x.zip")


def test_file_where_a_folder_should_be_and_the_other_way_round(refused, trained, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    write_tiny_bundle(tmp_path / "tiny.zip")
    for words in (train("file"), ["demo", "--out", "file"], ["keygen", "file/key"]):
        assert "a file stands where a folder should be" in refused(*words)
    assert "folder is a directory" in refused("run", "tiny.zip", "--config", "folder", status=2).replace("'", "")
    assert "file is in the way and is no bundle" in refused("export", str(trained), "-o", "file")
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("spoil", "words", "message"),
    [
        (lambda content: content[:-200], [], "it is cut short or no zip"),
        (lambda content: content.replace(b"# tiny", b"# tint"), [], "it is cut short or no zip (Bad CRC-32"),
        (None, ["--key", "maker.pub"], "it is not signed, and a signature is required here"),
        (None, ["--key", "tiny.zip"], "tiny.zip is no public key in PEM"),
        (None, ["--key", "nokey"], "the key nokey cannot be read (No such file or directory): check the path"),
    ],
)
def test_bundle_that_is_not_intact_does_not_run(refused, tmp_path, spoil, words, message):
    signature.make_key_pair(tmp_path / "maker.key", tmp_path / "maker.pub")
    write_tiny_bundle(tmp_path / "tiny.zip")
    if spoil:
        (tmp_path / "tiny.zip").write_bytes(spoil((tmp_path / "tiny.zip").read_bytes()))
    np.savez(tmp_path / "x.npz", signal=np.zeros((2, 100)), rate_hz=100.0)
    assert message in refused("run", "tiny.zip", "--source", "x.npz", *words)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((3, 2, 19))}, "holds windows of 19 samples, but the model takes 20: cut it anew"),
        ({"signal": np.zeros((2, 19)), "rate_hz": 100.0}, "less than one window of 20: get the whole file"),
        ({"signal": np.zeros((2, 9)), "rate_hz": 50.0}, "holds 9 samples, less than one window of 10"),
        ({"signal": np.zeros((3, 99)), "rate_hz": 100.0}, "gives 3 channels"),
        ({"y": np.zeros(3)}, "it holds y, neither x nor signal"),
        ({"x": np.array([{}], dtype=object)}, "cannot be read"),
    ],
)
def test_recording_that_does_not_fit_is_refused(refused, tmp_path, arrays, message):
    write_tiny_bundle(tmp_path / "tiny.zip")
    np.savez(tmp_path / "x.npz", **arrays)
    assert message in refused("run", "tiny.zip", "--source", "x.npz", "--speed", "max")


def test_windows_with_nan_are_counted_and_not_judged(edgeguard, tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip")
    x = np.random.default_rng(0).normal(size=(3, 2, 20))
    x[1, 0, 5] = np.nan
    np.savez(tmp_path / "x.npz", x=x)
    status, out, _ = edgeguard("run", "tiny.zip", "--source", "x.npz", "--speed", "max", "--quiet")
    assert (status, out.split(", ")[2]) == (0, "2 rejected")  # both overlapping windows that hold it


def test_broker_that_refuses_the_login_ends_the_run(refused, tmp_path, mosquitto_for):
    write_tiny_bundle(tmp_path / "tiny.zip")
    np.savez(tmp_path / "x.npz", signal=np.zeros((2, 100)), rate_hz=100.0)
    broker = mosquitto_for("password_file /dev/null").start()
    (tmp_path / "device.toml").write_text(f'[spool]\nfolder = "{tmp_path}"\n')
    words = ["run", "tiny.zip", "--source", "x.npz", "--broker", broker.url, "--config", "device.toml"]
    line = refused(*words, leaves=["outbox.sqlite3"])
    assert re.search(r"the broker mqtt://\S+ refuses us: not authorized; mend the address, the login", line)


def test_port_in_use_is_known_before_the_training(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused("demo", "--port", str(port), leaves=["demo-run"])
    assert line == f"error: port {port} is in use or not allowed: choose another with --port\n"


@pytest.fixture
def disk(tmp_path):
    """Mounts a tiny disk at `tmp_path`/disk with the given mount options; skips where that is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(options):
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tiny", folder], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this machine does not let us mount a tiny disk")

    if shutil.which("mount") is None or sys.platform != "linux":
        pytest.skip("tiny disks are tmpfs mounts, of Linux")
    yield mount
    subprocess.run(["umount", folder], capture_output=True, check=False)


def test_full_disk_while_training_leaves_whole_files(refused, disk, tmp_path):
    disk("size=8k")
    line = refused(*train("disk/run"), leaves=["disk/run", "disk/run/recipe.toml"])
    assert line.endswith("checkpoint.safetensors: free some space and run it again\n")
    assert line.startswith("error: the disk is full while writing disk/run/")


def test_full_disk_while_exporting_and_packing_leaves_nothing(refused, disk, trained, tmp_path):
    disk("size=4k")
    write_tiny_bundle(tmp_path / "tiny.zip")
    for words in (["export", str(trained)], ["bundle", "pack", "tiny.zip"]):
        for out in ("disk/x.zip", "disk/x"):
            assert "the disk is full while writing disk/" in refused(*words, "-o", out)


def test_full_disk_leaves_no_half_pair_of_keys(refused, disk):
    disk("size=4k")
    assert "the disk is full while writing disk/k.pub" in refused("keygen", "disk/k")


def test_read_only_disk_is_named(refused, disk, tmp_path):
    disk("ro")
    write_tiny_bundle(tmp_path / "tiny.zip")
    for words in (train("disk/run"), ["bundle", "pack", "tiny.zip", "-o", "disk/x.zip"], ["demo", "--out", "disk/d"]):
        assert "the disk is read-only while writing disk/" in refused(*words)


HIDDEN = """
import sys
from importlib.abc import MetaPathFinder
from edgeguard.cli import main

class Hide(MetaPathFinder):
    def find_spec(self, name, *_):
        if name.partition(".")[0] == hidden:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hide())
for line in sys.stdin:
    hidden, *words = line.split()
    for name in [name for name in sys.modules if name.startswith("edgeguard.") or name.partition(".")[0] == hidden]:
        del sys.modules[name]
    import edgeguard.cli
    sys.argv = ["edgeguard", *words]
    try:
        edgeguard.cli.main()
    except SystemExit as end:
        print(end.code)
"""
NEEDED_BY = {
    "torch": ("lab", "evaluate nowhere"),
    "lightning_fabric": ("lab", "train synthetic-ecg"),
    "rich": ("lab", "train synthetic-ecg --set data.options.windows=99"),
    "safetensors": ("lab", "evaluate nowhere"),
    "tomli_w": ("lab", "export nowhere -o x.zip"),
    "jinja2": ("lab", "evaluate nowhere"),
    "matplotlib": ("lab", "evaluate nowhere"),
    "sklearn": ("lab", "evaluate nowhere"),
    "fairlearn": ("lab", "evaluate nowhere"),
    "onnx": ("lab", "export nowhere -o x.zip"),
    "paho": ("device", "run nowhere.zip"),
    "onnxruntime": ("device", "bundle verify tiny.zip --run"),
    "wfdb": ("bridge", "run tiny.zip --source record"),
}


def test_missing_library_names_its_extra(tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip")
    (tmp_path / "record.hea").touch()
    script = "".join(f"{library} {words}\n" for library, (_, words) in NEEDED_BY.items())
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN], input=script, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    extras = [extra for extra, _ in NEEDED_BY.values()]
    expected = [rf"error: \S+ is not installed: run pip install 'edgeguard\[{extra}\]'" for extra in extras]
    lines = done.stderr.splitlines()
    assert len(lines) == len(expected), done.stderr
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(expected, lines, strict=True)), done.stderr
    assert [line for line in done.stdout.splitlines() if line.isdigit()] == ["1"] * len(expected)


# A shell starts its background jobs deaf to Ctrl-C, and a test runner may be one; a terminal's foreground is not.
HEARING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("edgeguard", run_name="__main__", alter_sys=True)
"""


def started(words, tmp_path, **options):
    """A real process of a session of its own, as from a terminal."""
    return subprocess.Popen(
        [sys.executable, "-c", HEARING, *words],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def ended_by(number, process):
    """Exit status and standard error after a signal; nobody of the session is left."""
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=60)
    assert not session_of(process.pid)
    return process.returncode, err


def session_of(leader):
    """The processes of a session, by /proc."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(stat.parent.name)
    return found


# The first line break ends the line on which the terminal shows ^C.
INTERRUPTED = "\nerror: interrupted: what was finished is kept, give the same command to go on\n"


def test_interrupted_training_goes_on_where_it_stopped(tmp_path):
    words = train("run", "training.epochs=100000", "training.patience=100000")
    log, epochs = tmp_path / "run" / "log.jsonl", 0
    for number, status, line in ((signal.SIGINT, 130, INTERRUPTED), (signal.SIGTERM, 143, "")):
        process = started(words, tmp_path)
        eventually(lambda known=epochs: log.exists() and log.read_text().count("\n") > known, 60)
        assert ended_by(number, process) == (status, line)
        epochs = log.read_text().count("\n") + 1
        names = {path.name for path in (tmp_path / "run").iterdir()}
        assert names == {"recipe.toml", "log.jsonl", "checkpoint.safetensors"}


def test_interrupted_evaluation_writes_nothing(tmp_path, trained):
    shutil.copytree(trained, tmp_path / "run", ignore=shutil.ignore_patterns("metrics.json", "report.html"))
    recipe = tmp_path / "run" / "recipe.toml"
    recipe.write_text(recipe.read_text().replace("\nsteps = 2", "\nsteps = 100000"))
    process = started(["evaluate", "run"], tmp_path)
    assert process.stderr.readline() == "pgd, ε = 0.3 …\n"
    assert ended_by(signal.SIGINT, process) == (130, INTERRUPTED)
    assert {path.name for path in (tmp_path / "run").iterdir()} & {"metrics.json", "report.html"} == set()


def test_interrupted_demo_leaves_no_broker_behind(tmp_path, mosquitto_for):
    process = started(["demo"], tmp_path)
    eventually(lambda: len(session_of(process.pid)) == 2, 60)
    assert ended_by(signal.SIGINT, process) == (130, INTERRUPTED)


def test_closed_pipe_ends_quietly(tmp_path):
    write_tiny_bundle(tmp_path / "tiny.zip")
    read_end, write_end = os.pipe()
    os.close(read_end)
    command = [sys.executable, "-m", "edgeguard", "bundle", "show", "tiny.zip"]
    with os.fdopen(write_end, "wb") as pipe:
        done = subprocess.run(command, cwd=tmp_path, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
