"""What can go wrong, split by what the reader does next.

    EdgeGuardError
      ConfigError        correct the recipe, the config file or the option
      DataError          fetch the data again, or correct the file
      StorageError       free disk space or mend permissions
      MissingExtra       install the named extra
      BundleError        do not run this bundle; get an intact one
        SignatureError   not signed by a key you trust
      EngineError        this model cannot be served on this machine
      SourceError        mend the wearable, the link or the recording
        LinkError        the link to a wearable is down; it is tried again by itself
      BrokerError        mend the broker's address, login or certificate
      MessageError       set the message aside; its sender does not follow the schema
      StoreError         the fleet's database refuses what was asked
        StoreUnavailable the database is away or busy: try again
      Forbidden          ask somebody who may
      NotFound           there is none of that name

Each message is one line: what happened, the value, what to do. Mistakes of a calling programmer stay ValueError
and TypeError.
"""

from __future__ import annotations

from typing import Final

# module -> (what to call it, the extra that brings it)
EXTRAS: Final[dict[str, tuple[str, str]]] = {
    "PIL": ("Pillow", "lab"),
    "alembic": ("alembic", "fleet"),
    "amqtt": ("amqtt (or Mosquitto)", "demo"),
    "argon2": ("argon2-cffi", "fleet"),
    "authlib": ("authlib", "fleet"),
    "braindecode": ("braindecode", "eeg"),
    "bleak": ("bleak", "bridge"),
    "brainflow": ("brainflow", "boards"),
    "cobs": ("cobs", "bridge"),
    "fairlearn": ("fairlearn", "lab"),
    "fastapi": ("fastapi", "fleet"),
    "google_crc32c": ("google-crc32c", "bridge"),
    "httpx": ("httpx", "fleet"),
    "jinja2": ("jinja2", "lab"),
    "joserfc": ("joserfc", "fleet"),
    "lightning_fabric": ("lightning-fabric", "lab"),
    "matplotlib": ("matplotlib", "lab"),
    "nicegui": ("nicegui", "fleet"),
    "onnx": ("onnx", "lab"),
    "onnxruntime": ("onnxruntime", "device"),
    "onnxscript": ("onnxscript", "lab"),
    "paho": ("paho-mqtt", "device"),
    "psycopg": ("psycopg", "fleet"),
    "pyarrow": ("pyarrow", "fleet"),
    "pyedflib": ("pyedflib", "bridge"),
    "pylsl": ("pylsl (or its liblsl)", "boards"),
    "prometheus_client": ("prometheus-client", "device"),
    "rich": ("rich", "lab"),
    "safetensors": ("safetensors", "lab"),
    "serial": ("pyserial", "bridge"),
    "sklearn": ("scikit-learn", "lab"),
    "sqlalchemy": ("sqlalchemy", "fleet"),
    "tomli_w": ("tomli-w", "lab"),
    "torch": ("torch", "lab"),
    "uvicorn": ("uvicorn", "fleet"),
    "wfdb": ("wfdb", "bridge"),
}


def one_line(text: str) -> str:
    """`text` on one line that cannot steer a terminal: blanks joined, other unprintable characters as ``?``."""
    return "".join(letter if letter.isprintable() else "?" for letter in " ".join(text.split()))


class EdgeGuardError(Exception):
    """Something the user can act on; its text is one line whatever it quotes, and is shown without a traceback."""

    def __str__(self) -> str:
        return one_line(super().__str__())


class ConfigError(EdgeGuardError):
    """A recipe, a config file or an option is wrong: correct it."""


class DataError(EdgeGuardError):
    """A data set is missing, cut short or malformed: fetch it again or correct it."""


class StorageError(EdgeGuardError):
    """The disk is full or not writable; what was there before is still there."""


class MissingExtra(EdgeGuardError):
    """A library of an optional extra is not installed; `module` is a key of `EXTRAS`."""

    def __init__(self, module: str) -> None:
        library, extra = EXTRAS[module]
        super().__init__(f"{library} is not installed: run pip install 'edgeguard[{extra}]'")


class BundleError(EdgeGuardError):
    """A bundle is incomplete, altered or too new: get an intact one, or upgrade."""


class SignatureError(BundleError):
    """A bundle is not signed by a key that is trusted here."""


class EngineError(EdgeGuardError):
    """A runtime cannot serve this model, or serves it wrongly."""


class SourceError(EdgeGuardError):
    """A source of samples broke off or sends what cannot be used."""


class LinkError(SourceError):
    """The link to a live source is down, or what comes over it cannot be used: it is tried again."""


class BrokerError(EdgeGuardError):
    """The MQTT broker refuses us or cannot be reached."""


class MessageError(EdgeGuardError):
    """A message between device and fleet does not follow its schema."""


class StoreError(EdgeGuardError):
    """The fleet's database refuses what was asked of it."""


class StoreUnavailable(StoreError):
    """The fleet's database is away, busy or not migrated: the same can be tried again."""


class Forbidden(EdgeGuardError):
    """Who asks may not do this."""


class NotFound(EdgeGuardError):
    """There is none of that name or number."""
