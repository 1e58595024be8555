"""manifest.json: every fact the device needs about a model."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from edgeguard.bundle.fingerprint import calibration_fingerprint, other_precision
from edgeguard.bundle.layout import CARD, GOLDEN, INPUT, MODEL
from edgeguard.errors import BundleError, ConfigError
from edgeguard.exits.disagreement import score_named
from edgeguard.registry import Name
from edgeguard.signals.preprocessing import step_named
from edgeguard.signals.spec import SignalSpec

FORMAT: Final = 2  # raised when an older device could not read a newer bundle, or misread it
_STATES_ORIGIN: Final = 2  # the first format whose thresholds say what they were calibrated for
DECODE_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)  # all that hostile JSON can raise
EXIT_RULES: Final = ("mean",)

_CALIBRATE_AGAIN: Final = "run edgeguard evaluate on the run again, then edgeguard export"

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
Rate = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Disagreement(_Record, frozen=True, kw_only=True):
    """The alarm rule: `score` over `threshold` is an alarm.

    Attributes:
        score: A name of `edgeguard.exits.disagreement.SCORES`.
        threshold: Conformal quantile on clean calibration windows.
        false_alarm_rate: The rate promised for clean windows.
        calibration_windows: How many windows the promise rests on.
        observed_rate: Share of clean test windows over the threshold.
        observed_interval: Exact 95 % interval of `observed_rate`.
        clean_quantiles: Scores of clean calibration windows at the levels of `edgeguard.exits.drift.LEVELS`: what the
            drift alarm measures a stream against. Empty: there is no drift alarm.
        calibrated_for: `edgeguard.bundle.fingerprint.calibration_fingerprint` of what the scores were computed with;
            None in bundles of format 1, which do not say.
    """

    score: Name
    threshold: float
    false_alarm_rate: Rate
    calibration_windows: Annotated[int, msgspec.Meta(ge=1)]
    observed_rate: float | None = None
    observed_interval: tuple[float, float] | None = None
    clean_quantiles: tuple[float, ...] = ()
    calibrated_for: Sha256 | None = None


class Agreement(_Record, frozen=True, kw_only=True):
    """The policy ``agree``: stop after the first `min_exits` or more exits that agree with `confidence`.

    All figures are of the policy itself on clean windows: where exits are left out, other scores come out.

    Attributes:
        confidence: What the mean probability of the class that all exits so far predict must reach.
        min_exits: Exits that are always run.
        accuracy_loss: The stated bound: at most this share of windows is right with all exits and wrong here.
        observed_loss: That share on clean test windows, or None where it was not measured.
        stages: Share of clean calibration windows that stopped after 1, 2, … stages.
        disagreement: The alarm rule for windows judged by this policy.
    """

    confidence: Annotated[float, msgspec.Meta(gt=0, le=1)]
    min_exits: Annotated[int, msgspec.Meta(ge=2)] = 2
    accuracy_loss: Annotated[float, msgspec.Meta(gt=0, lt=1)]
    observed_loss: float | None = None
    stages: tuple[float, ...]
    disagreement: Disagreement


class Stage(_Record, frozen=True, kw_only=True):
    """One staged graph: it reads tensors that earlier stages wrote, and writes one exit's logits.

    Attributes:
        file: Path inside the bundle.
        inputs: Tensor names it reads; ``x`` is the window itself.
        outputs: Tensor names it writes for later stages.
        logits: Tensor name of this exit's logits (batch, classes).
    """

    file: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    logits: str


class Provenance(_Record, frozen=True, kw_only=True):
    """Where the model comes from, enough to train it again."""

    recipe: dict[str, Any]
    data_sha256: Sha256
    code_version: str
    seed: int
    created_utc: str
    libraries: dict[str, str] = {}


class FileFact(_Record, frozen=True, kw_only=True):
    """Size and hash of one file of the bundle."""

    sha256: Sha256
    bytes: Annotated[int, msgspec.Meta(ge=0)]


class Manifest(_Record, frozen=True, kw_only=True):
    """All of manifest.json.

    Attributes:
        format: The bundle format, `FORMAT` when it was written.
        name: Recipe or run name.
        version: Version of the model itself, semantic: an exit added is minor, one removed is major.
        signal: The model input and how windows are cut.
        precision: What the graphs compute in.
        classes: Class names, in the order of the logits.
        exits: Exit names in order of depth, the backbone's own head last.
        exit_rule: How exits become one verdict; ``mean`` is Eq. 2.
        temperature: Of `edgeguard.exits.ensemble.ensemble`; it makes the confidence honest.
        disagreement: The alarm rule.
        agreement: How stages may be saved; None: the policy ``agree`` is not offered.
        golden_tolerance: Largest absolute logit difference accepted in the self-test.
        stages: The staged graphs, in order.
        metrics: Figures of the run that the card shows, by name.
        provenance: Data hash, recipe, code version, seed.
        files: Every file of the bundle except the manifest and the signature; `write_bundle` fills them in.
    """

    format: Annotated[int, msgspec.Meta(ge=1)] = FORMAT
    name: Name
    version: Name
    signal: SignalSpec
    precision: Name = "float32"
    classes: Annotated[tuple[Name, ...], msgspec.Meta(min_length=2, max_length=256)]
    exits: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=64)]
    exit_rule: str = "mean"
    temperature: Annotated[float, msgspec.Meta(gt=0)] = 1.0
    disagreement: Disagreement
    agreement: Agreement | None = None
    golden_tolerance: Annotated[float, msgspec.Meta(gt=0)] = 1e-3
    stages: tuple[Stage, ...]
    metrics: dict[str, float] = {}
    provenance: Provenance
    files: dict[str, FileFact] = {}

    def to_bytes(self) -> bytes:
        """Indented JSON with a fixed key order."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class _Versioned(msgspec.Struct):
    format: int


def manifest_from_bytes(content: bytes) -> Manifest:
    """The manifest in `content`; BundleError where it is newer than this code, incomplete or malformed."""
    try:
        if (found := msgspec.json.decode(content, type=_Versioned).format) > FORMAT:
            raise BundleError(f"bundle format {found} is newer than {FORMAT}, the newest read here: upgrade edgeguard")
        manifest = msgspec.json.decode(content, type=Manifest)
    except DECODE_ERRORS as error:
        raise BundleError(f"manifest.json is damaged ({error}): get an intact bundle") from error
    _check_files(manifest)
    _check_stages(manifest)
    _check_names(manifest)
    _check_agreement(manifest)
    _check_origin(manifest)
    return manifest


def _check_files(manifest: Manifest) -> None:
    wanted = [MODEL, GOLDEN, CARD, *(stage.file for stage in manifest.stages)]
    if missing := [name for name in wanted if name not in manifest.files]:
        raise BundleError(f"manifest.json does not list {', '.join(missing)}: get an intact bundle")


def _check_stages(manifest: Manifest) -> None:
    """One stage per exit, each reading only what the window and earlier stages give."""
    if len(manifest.stages) != len(manifest.exits):
        raise BundleError(
            f"manifest.json has {len(manifest.stages)} stages for {len(manifest.exits)} exits: export it again"
        )
    known = {INPUT}
    for stage in manifest.stages:
        if unknown := set(stage.inputs) - known:
            raise BundleError(
                f"{stage.file} reads {', '.join(sorted(unknown))}, no earlier stage writes it: export again"
            )
        known.update(stage.outputs)


def _check_names(manifest: Manifest) -> None:
    """A device that does not know a step or score of this bundle would serve it wrongly."""
    try:
        for rule in _rules(manifest):
            score_named(rule.score)
        for step in manifest.signal.preprocessing:
            step_named(step)
    except ConfigError as error:
        raise BundleError(f"this bundle needs what is not known here ({error}): upgrade edgeguard") from error
    if manifest.exit_rule not in EXIT_RULES:
        raise BundleError(
            f"this bundle combines its exits by {manifest.exit_rule!r}, here there are: {', '.join(EXIT_RULES)}: "
            "upgrade edgeguard"
        )


def _check_agreement(manifest: Manifest) -> None:
    """The stream detectors count on shares of every stage, and on quantiles that rise."""
    if any(sorted(rule.clean_quantiles) != list(rule.clean_quantiles) for rule in _rules(manifest)):
        raise BundleError("manifest.json has clean quantiles that do not rise: export it again")
    if manifest.agreement is not None and len(manifest.agreement.stages) != len(manifest.exits):
        raise BundleError(
            f"manifest.json has shares of {len(manifest.agreement.stages)} stages for {len(manifest.exits)} exits: "
            "export it again"
        )


def _check_origin(manifest: Manifest) -> None:
    """A threshold holds for scores computed as those were that it was calibrated on."""
    for rule in _rules(manifest):
        if rule.calibrated_for is None and manifest.format >= _STATES_ORIGIN:
            raise BundleError(
                f"manifest.json does not say what its alarm threshold was calibrated for: {_CALIBRATE_AGAIN}"
            )
        if rule.calibrated_for not in (None, calibration_fingerprint(manifest.signal, manifest.precision)):
            precision = other_precision(rule.calibrated_for, manifest.signal)
            other = f"{precision}, and the graphs are {manifest.precision}" if precision else "another preprocessing"
            raise BundleError(f"the alarm threshold was calibrated for {other}: {_CALIBRATE_AGAIN}")


def _rules(manifest: Manifest) -> list[Disagreement]:
    return [manifest.disagreement, *([manifest.agreement.disagreement] if manifest.agreement else [])]
