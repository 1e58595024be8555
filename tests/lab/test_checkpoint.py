from __future__ import annotations

import pytest
import torch
from torch import nn

from edgeguard.errors import DataError
from edgeguard.lab.checkpoint import Checkpoint, copied, load_checkpoint, save_checkpoint


def parts(width=3):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Linear(width, 1))
    return net, torch.optim.Adam(net.parameters(), lr=0.1)


def step(net, adam, seed):
    adam.zero_grad()
    net(torch.randn(8, 2, generator=torch.Generator().manual_seed(seed))).square().mean().backward()
    adam.step()


def test_a_resumed_training_takes_the_very_same_step(tmp_path):
    net, adam = parts()
    step(net, adam, 1)
    save_checkpoint(tmp_path / "c", Checkpoint({"epoch": 1}, copied(net)), net, adam)
    step(net, adam, 2)
    resumed, again = parts()
    checkpoint = load_checkpoint(tmp_path / "c", resumed, again)
    assert checkpoint.progress == {"epoch": 1}
    assert all(torch.equal(checkpoint.best[name], tensor) for name, tensor in resumed.state_dict().items())
    step(resumed, again, 2)
    assert all(torch.equal(tensor, net.state_dict()[name]) for name, tensor in resumed.state_dict().items())


def test_progress_keeps_infinity(tmp_path):
    net, adam = parts()
    save_checkpoint(tmp_path / "c", Checkpoint({"best_loss": float("inf")}, {}), net, adam)
    assert load_checkpoint(tmp_path / "c", net, adam).progress == {"best_loss": float("inf")}


def test_no_checkpoint_is_no_error(tmp_path):
    assert load_checkpoint(tmp_path / "c", *parts()) is None


def test_copied_weights_do_not_follow_the_network():
    net, adam = parts()
    before = copied(net)
    step(net, adam, 1)
    assert not torch.equal(before["0.weight"], net[0].weight)


@pytest.mark.parametrize("spoil", [lambda content: content[:-40], lambda content: b"", lambda content: b"x" * 99])
def test_a_damaged_file_is_named(tmp_path, spoil):
    net, adam = parts()
    save_checkpoint(tmp_path / "c", Checkpoint({}, {}), net, adam)
    (tmp_path / "c").write_bytes(spoil((tmp_path / "c").read_bytes()))
    with pytest.raises(DataError, match=r"/c cannot be read .*: remove it and train again"):
        load_checkpoint(tmp_path / "c", net, adam)


def test_another_network_is_refused(tmp_path):
    save_checkpoint(tmp_path / "c", Checkpoint({}, {}), *parts(width=3))
    with pytest.raises(DataError, match=r"/c is no checkpoint of this recipe: remove it to train from the start"):
        load_checkpoint(tmp_path / "c", *parts(width=4))
