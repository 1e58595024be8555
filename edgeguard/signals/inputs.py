"""Inputs that are no signals, tables and images; and the signal alone, where nothing else can be served."""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from edgeguard.errors import ConfigError
from edgeguard.signals.spec import InputSpec, Positive, SignalSpec

Names = Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class _Tagged(InputSpec, msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    pass


class TableSpec(_Tagged, frozen=True, kw_only=True, tag="table"):
    """A row of a table, (features,).

    Attributes:
        features: Names of the columns that the model sees, in order.
        continuous: Those of them that are measured; the others stand for values that have no order.
        units: What a step of 1 is: ``as recorded``, or what the values were scaled to.
    """

    features: Names
    continuous: tuple[str, ...] = ()
    units: str = "as recorded"

    def __post_init__(self) -> None:
        if unknown := set(self.continuous) - set(self.features):
            raise ValueError(f"{min(unknown)!r} is none of the features")

    @property
    def shape(self) -> tuple[int, ...]:
        """(features,)."""
        return (len(self.features),)

    @property
    def input_units(self) -> str:
        """As `units`."""
        return self.units


class ImageSpec(_Tagged, frozen=True, kw_only=True, tag="image"):
    """An image, (channels, height, width).

    Attributes:
        channels: Their names, in order.
        height: Pixels.
        width: Pixels.
        bounds: Smallest and largest value of a pixel.
    """

    channels: Names
    height: Positive
    width: Positive
    bounds: tuple[float, float] = (0.0, 1.0)

    @property
    def shape(self) -> tuple[int, ...]:
        """(channels, height, width)."""
        return len(self.channels), self.height, self.width

    @property
    def input_units(self) -> str:
        """The range of the pixels."""
        return f"pixels of {self.bounds[0]:g} to {self.bounds[1]:g}"

    @property
    def limits(self) -> tuple[float, float]:
        """As `bounds`."""
        return self.bounds


_KINDS: Final[dict[str, Any]] = {"signal": SignalSpec, "table": TableSpec, "image": ImageSpec}


def input_spec_hook(kind: type[Any], value: Any) -> Any:
    """What msgspec needs as `dec_hook` to read a field of type `InputSpec`; without a `kind` it is a signal's."""
    if kind is not InputSpec or not isinstance(value, dict):
        raise NotImplementedError(f"{kind} cannot be read of {value!r}")
    named = value.get("kind", "signal")
    if named not in _KINDS:
        raise ValueError(f"no input is of kind {named!r}")
    return msgspec.convert(value, _KINDS[named])


def require_signal(spec: InputSpec, what: str) -> SignalSpec:
    """`spec`, where it is a signal's; else a ConfigError that says that `what` needs one."""
    if not isinstance(spec, SignalSpec):
        kind = "a table" if isinstance(spec, TableSpec) else "images"
        raise ConfigError(f"{what} signals alone, and this model reads {kind}: take a model of a signal")
    return spec
