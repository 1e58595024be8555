from __future__ import annotations

import pytest

from edgeguard.device.sources.bridge_errors import translated, tried_again
from edgeguard.errors import LinkError, MissingExtra, SourceError
from firmware_bridge.errors import BridgeError, FrameError, LinkDown, LinkRefused, RecordingError, WearableError


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (LinkDown, LinkError),
        (LinkRefused, SourceError),
        (WearableError, SourceError),
        (RecordingError, SourceError),
        (FrameError, SourceError),
        (BridgeError, SourceError),
    ],
)
def test_what_is_wrong_with_a_wearable_is_wrong_with_its_source(error, kind):
    with pytest.raises(SourceError, match="plug it in") as found, translated():
        raise error("plug it in")
    assert (type(found.value), type(found.value.__cause__)) == (kind, error)


def test_a_live_source_is_tried_again_whatever_it_is():
    with pytest.raises(LinkError, match="join dialout") as found, tried_again():
        raise LinkRefused("join dialout")
    assert type(found.value.__cause__) is SourceError
    with pytest.raises(LinkError) as found, tried_again():
        raise LinkDown("unplugged")
    assert type(found.value.__cause__) is LinkDown


def test_a_library_that_is_not_there_is_named_with_its_extra():
    with pytest.raises(MissingExtra, match=r"pip install 'edgeguard\[bridge\]'"), translated():
        raise ImportError("no module", name="wfdb.io")
    with pytest.raises(ImportError, match="no module"), translated():
        raise ImportError("no module", name="edgeguard.nothing")


def test_other_errors_pass():
    with pytest.raises(ZeroDivisionError), tried_again():
        raise ZeroDivisionError
