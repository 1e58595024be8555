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
      BrokerError        mend the broker's address, login or certificate
      MessageError       set the message aside; its sender does not follow the schema

Each message is one line: what happened, the value, what to do. Mistakes of a calling programmer stay ValueError
and TypeError.
"""


class EdgeGuardError(Exception):
    """Something the user can act on; the command line prints it as one line, without a traceback."""


class ConfigError(EdgeGuardError):
    """A recipe, a config file or an option is wrong: correct it."""


class DataError(EdgeGuardError):
    """A data set is missing, cut short or malformed: fetch it again or correct it."""


class StorageError(EdgeGuardError):
    """The disk is full or not writable; what was there before is still there."""


class MissingExtra(EdgeGuardError):
    """A library of an optional extra is not installed."""

    def __init__(self, library: str, extra: str) -> None:
        super().__init__(f"{library} is not installed: run pip install 'edgeguard[{extra}]'")


class BundleError(EdgeGuardError):
    """A bundle is incomplete, altered or too new: get an intact one, or upgrade."""


class SignatureError(BundleError):
    """A bundle is not signed by a key that is trusted here."""


class EngineError(EdgeGuardError):
    """A runtime cannot serve this model, or serves it wrongly."""


class SourceError(EdgeGuardError):
    """A source of samples broke off or sends what cannot be used."""


class BrokerError(EdgeGuardError):
    """The MQTT broker refuses us or cannot be reached."""


class MessageError(EdgeGuardError):
    """A message between device and fleet does not follow its schema."""
