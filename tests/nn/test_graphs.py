"""Keeping, keying and forgetting recorded decode loops, with a recording that needs no GPU; and the real one on one."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from mvae_widgets.errors import MusicVAEWarning
from mvae_widgets.nn import graphs
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.nn.graphs import Graphs
from mvae_widgets.nn.vae import VAE


class Tape:
    """Like a CUDA graph, it works on the tensors it was recorded with and leaves the result in one place."""

    made = 0
    replayed = 0

    def __init__(self, work: Callable[[], Tensor]) -> None:
        type(self).made += 1
        self._work = work
        self.output = work()

    def replay(self) -> None:
        type(self).replayed += 1
        self.output.copy_(self._work())


@pytest.fixture
def tape() -> Iterator[type[Tape]]:
    Tape.made = Tape.replayed = 0
    yield Tape
    Tape.made = Tape.replayed = 0


def double(layer: nn.Linear) -> Callable[..., Tensor]:
    @torch.no_grad()
    def work(x: Tensor, noise: Tensor | None) -> Tensor:
        y: Tensor = layer(x)
        return y if noise is None else y + noise

    return work


def test_the_second_of_a_shape_is_recorded_and_later_ones_replayed(tape: type[Tape]) -> None:
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape), double(layer)
    for k in range(5):
        x = torch.randn(4, 3)
        torch.testing.assert_close(kept.run(layer, work, x, None), work(x, None))
        assert (tape.made, tape.replayed) == (min(k, 1), k)


def test_results_stay_when_the_next_is_made(tape: type[Tape]) -> None:
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape), double(layer)
    inputs = [torch.randn(4, 3) for _ in range(4)]
    results = [kept.run(layer, work, x, None) for x in inputs]
    for x, y in zip(inputs, results, strict=True):
        torch.testing.assert_close(y, work(x, None))


def test_the_inputs_are_left_alone(tape: type[Tape]) -> None:
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape), double(layer)
    x, noise = torch.randn(4, 3), torch.randn(4, 2)
    before = x.clone(), noise.clone()
    for _ in range(2):
        kept.run(layer, work, x, noise)
    kept.run(layer, work, x + 1, noise + 1)
    assert torch.equal(x, before[0])
    assert torch.equal(noise, before[1])


def test_noise_enters_as_numbers(tape: type[Tape]) -> None:
    # Temperatures share a recording: they are in the noise.
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape), double(layer)
    x = torch.randn(4, 3)
    for temperature in (0.5, 1.0, 2.0):
        noise = temperature * torch.randn(4, 2)
        torch.testing.assert_close(kept.run(layer, work, x, noise), work(x, noise))
    assert tape.made == 1


@pytest.mark.parametrize("other", [(torch.ones(5, 3), None), (torch.ones(4, 3), torch.ones(4, 2))])
def test_other_shapes_are_other_recordings(tape: type[Tape], other: tuple[Tensor, Tensor | None]) -> None:
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape), double(layer)
    for inputs in ((torch.zeros(4, 3), None), other) * 2:
        torch.testing.assert_close(kept.run(layer, work, *inputs), work(*inputs))
    assert tape.made == 2


def test_what_was_used_longest_ago_goes(tape: type[Tape]) -> None:
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape, limit=2), double(layer)

    def use(n: int) -> None:
        kept.run(layer, work, torch.zeros(n, 3), None)

    for n in (1, 1, 2, 2, 1, 3):
        use(n)
    assert tape.made == 2
    use(1)
    assert tape.made == 2, "1 was used after 2 and is still there"
    use(2)
    use(2)
    assert tape.made == 3, "2 had gone"


def set_in_place(layer: nn.Linear) -> None:
    with torch.no_grad():
        layer.weight.mul_(2)


def load(layer: nn.Linear) -> None:
    layer.load_state_dict(nn.Linear(3, 2).state_dict())


def move(layer: nn.Linear) -> None:
    layer.weight.data = torch.randn(2, 3)


def exchange(layer: nn.Linear) -> None:
    layer.weight = nn.Parameter(torch.randn(2, 3))


def train(layer: nn.Linear) -> None:
    optimizer = torch.optim.Adam(layer.parameters(), fused=True)
    layer(torch.randn(4, 3)).square().sum().backward()
    optimizer.step()


@pytest.mark.parametrize("change", [set_in_place, load, move, exchange, train])
def test_forgets_when_parameters_change(tape: type[Tape], change: Callable[[nn.Linear], None]) -> None:
    layer = nn.Linear(3, 2)
    kept, work = Graphs(tape), double(layer)
    x = torch.randn(4, 3)
    for _ in range(2):
        kept.run(layer, work, x, None)
    change(layer)
    for k in range(2):
        torch.testing.assert_close(kept.run(layer, work, x, None), work(x, None))
        assert tape.made == 1 + k


def test_goes_on_without_where_recording_fails() -> None:
    layer, tries = nn.Linear(3, 2), []

    def record(work: Callable[[], Tensor]) -> Tape:
        tries.append(work)
        raise RuntimeError("operation not permitted when stream is capturing\nand much more")

    kept, work = Graphs(record), double(layer)
    x = torch.randn(4, 3)
    kept.run(layer, work, x, None)
    with pytest.warns(MusicVAEWarning, match=r"operation not permitted when stream is capturing MVAE_WIDGETS_GRAPHS=0"):
        y = kept.run(layer, work, x, None)
    torch.testing.assert_close(y, work(x, None))
    torch.testing.assert_close(kept.run(layer, work, x, None), y)
    assert len(tries) == 1


def small(name: str) -> VAE:
    config = CONFIGS[name].with_sizes(6, (7,) * len(CONFIGS[name].encoder_sizes), (8, 8))
    if config.decoder_levels:
        config = replace(config, steps=16, decoder_levels=(2, 8))
    torch.manual_seed(3)
    network = VAE(replace(config, hidden=min(config.hidden, 5))).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:
                parameter.copy_(torch.randn_like(parameter))
    return network


NAMES = ["cat-mel_2bar_small", "nade-drums_2bar_reduced", "groovae_2bar_humanize", "hierdec-trio_16bar"]


@pytest.mark.parametrize("name", NAMES)
def test_the_loop_can_be_recorded(tape: type[Tape], name: str) -> None:
    # The whole way of `VAE.decode`, by the tape: nothing but z and noise changes from call to call.
    network, kept = small(name), Graphs(tape)
    steps = network.config.steps

    @torch.no_grad()
    def loop(z: Tensor, noise: Tensor) -> Tensor:
        return network.decoder.decode(network.decoder.plan(z), steps, noise, None, None)

    for seed in range(3):
        generator = torch.Generator().manual_seed(seed)
        z = torch.randn(2, network.config.z_size, generator=generator)
        noise = network.decoder.noise(2, steps, 1.0, generator)
        assert torch.equal(kept.run(network.decoder, loop, z, noise), loop(z, noise))
    assert tape.replayed == 2


def test_a_cpu_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphs, "Graphs", None)
    network = small("cat-mel_2bar_small")
    for _ in range(3):
        network.decode(torch.zeros(1, 6))


def test_models_are_not_kept_alive() -> None:
    network = small("cat-mel_2bar_small")
    network.decode(torch.zeros(1, 6))
    gone = weakref.ref(network.decoder)
    del network
    gc.collect()
    assert gone() is None


gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that speaks CUDA")


@gpu
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("temperature", [None, 1.0])
def test_recorded_equals_plain_on_a_gpu(monkeypatch: pytest.MonkeyPatch, name: str, temperature: float | None) -> None:
    network, device = small(name).cuda(), torch.device("cuda")
    z = torch.randn(5, 6, device=device)

    def decode(seed: int) -> Tensor:
        return network.decode(z + seed, temperature, torch.Generator(device).manual_seed(seed))

    recorded = [decode(seed) for seed in range(4)]
    kept = graphs._GRAPHS[network.decoder]
    assert not kept._fails
    assert any(entry is not None for entry in kept._kept.values())
    monkeypatch.setenv(graphs.SWITCH, "0")
    for seed, rows in enumerate(recorded):
        torch.testing.assert_close(rows, decode(seed), atol=1e-5, rtol=0)


@gpu
def test_recorded_sees_new_weights_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    network = small("cat-mel_2bar_small").cuda()
    z = torch.randn(5, 6, device="cuda")
    before = [network.decode(z) for _ in range(3)][-1]
    with torch.no_grad():
        network.decoder.output.weight.neg_()
    after = [network.decode(z) for _ in range(3)]
    monkeypatch.setenv(graphs.SWITCH, "0")
    assert all(torch.equal(rows, network.decode(z)) for rows in after)
    assert not torch.equal(before, after[0])
