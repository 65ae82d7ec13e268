"""The numpy backend against PyTorch and against Magenta's own graph, and where PyTorch is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

import mvae_widgets as mv
from mvae_widgets.checkpoints.catalog import BUILT_IN, read_bundle
from mvae_widgets.checkpoints.language_models import shipped_judge
from mvae_widgets.errors import CheckpointError, ConfigError
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.nn.numpy_backend import NumpyVAE
from mvae_widgets.nn.numpy_heads import Head
from mvae_widgets.nn.vae import VAE
from tests.nn.test_oracle import LIKE, Case

CLOSE = 1e-4
TEMPERATURES = (None, 1.0)


def pair(config: ModelConfig, seed: int = 0) -> tuple[VAE, NumpyVAE]:
    """One network twice, few units and lively random weights."""
    config = config.with_sizes(8, (6,) * len(config.encoder_sizes), (10,) * len(config.decoder_sizes))
    torch.manual_seed(seed)
    network = VAE(config).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "bias_hh" not in name:
                parameter.add_(0.3 * torch.randn_like(parameter))
    return network, NumpyVAE(config, {name: tensor.numpy() for name, tensor in network.state_dict().items()})


def decode_both(network: VAE, twin: NumpyVAE, z: Any, noise: Any, controls: Any) -> tuple[Any, Any]:
    """Rows of both for the same noise."""
    steps = network.config.steps
    found = twin.decoder.decode(z, steps, noise, controls, None)
    tensors = [None if x is None else torch.from_numpy(x) for x in (z, noise, controls)]
    decoder: Any = network.decoder
    with torch.no_grad():
        return decoder.decode(decoder.plan(tensors[0]), steps, tensors[1], tensors[2], None).numpy(), found


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_every_configuration_equals_pytorch(name: str) -> None:
    network, twin = pair(CONFIGS[name])
    config, random = network.config, np.random.default_rng(1)
    x = random.integers(0, 2, (3, config.steps, config.depth)).astype(np.float32)
    z = random.standard_normal((3, 8), np.float32)
    controls = random.random((3, config.steps, config.control_depth), np.float32) if config.control_depth else None
    chunk, chunks = config.encoder_levels or (config.steps, 0)
    lengths = random.integers(0, chunk + 1, (3, chunks)) if chunks else np.array([chunk, chunk - 3, 1])
    with torch.no_grad():
        told = None if controls is None else torch.from_numpy(controls)
        expected = network.encode(torch.from_numpy(x), torch.from_numpy(lengths), told)
    for found, wanted in zip(twin.encode(x, lengths, controls), expected, strict=True):
        np.testing.assert_allclose(found, wanted.numpy(), atol=CLOSE)
        assert found.dtype == np.float32
    for temperature in TEMPERATURES:
        noise = None if temperature is None else twin.decoder.noise(3, config.steps, temperature, random)
        wanted, found = decode_both(network, twin, z, noise, controls)
        assert wanted.any()
        np.testing.assert_allclose(found, wanted, atol=CLOSE if config.head in ("groove", "strokes") else 0)


@pytest.mark.parametrize("name", ["melody-2bar", "drums-2bar", "groove-2bar-humanize", "melody-16bar", "trio-16bar"])
def test_logits_equal_pytorch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The numbers that every step is chosen from."""
    network, twin = pair(CONFIGS[name])
    seen: dict[str, list[Any]] = {"torch": [], "numpy": []}
    core = getattr(network.decoder, "core", network.decoder)
    theirs = getattr(core, "parts", [core])
    twin_core = getattr(twin.decoder, "core", twin.decoder)
    for kind, parts in (("torch", theirs), ("numpy", getattr(twin_core, "parts", [twin_core]))):
        for part in parts:

            def record(numbers: Any, noise: Any, kind: str = kind, choose: Any = part.head.choose) -> Any:
                seen[kind].append(np.array(numbers))
                return choose(numbers, noise)

            monkeypatch.setattr(part.head, "choose", record)
    decode_both(network, twin, np.random.default_rng(2).standard_normal((4, 8), np.float32), None, None)
    assert len(seen["torch"]) == len(seen["numpy"]) == network.config.steps * len(theirs)
    for wanted, found in zip(seen["torch"], seen["numpy"], strict=True):
        np.testing.assert_allclose(found, wanted, atol=CLOSE)


@pytest.mark.parametrize("name", LIKE)
def test_magentas_own_graph(name: str, fixtures: Path) -> None:
    case = Case(fixtures / "upstream-graph" / f"{name}.npz")
    twin = NumpyVAE(case.config, {n: t.numpy() for n, t in case.network.state_dict().items()})
    controls = None if case.controls is None else case.controls.numpy()
    mu, sigma = twin.encode(case.x.numpy(), case.lengths.numpy(), controls)
    np.testing.assert_allclose(mu, case.out["mu"], atol=1e-6)
    np.testing.assert_allclose(sigma, case.out["sigma"], atol=1e-6)
    alike = None if controls is None else np.repeat(controls[:1], len(case.z), axis=0)
    rows = twin.decode(case.z.numpy(), None, None, alike)
    np.testing.assert_allclose(rows, case.out["greedy"], atol=1e-5 if case.config.head == "groove" else 0)


@pytest.mark.parametrize("scores", [[0.0, 1.5, -2.0], [3.0, 3.0, -1.0]])
def test_draws_follow_the_distribution(scores: list[float]) -> None:
    """Of classes by softmax of the scores over the temperature, of bits by the logistic function of theirs."""
    for name, share in (("melody-2bar", "softmax"), ("bits", "logistic")):
        head = Head(3) if name == "bits" else pair(CONFIGS[name])[1].decoder.head
        numbers = np.full((20_000, head.depth), -50.0, np.float32)
        numbers[:, :3] = scores
        drawn = head.choose(numbers, head.noise((20_000,), 0.7, np.random.default_rng(0)))[:, :3].mean(0)
        odds = np.exp(np.array(scores) / 0.7)
        np.testing.assert_allclose(drawn, odds / odds.sum() if share == "softmax" else odds / (1 + odds), atol=0.015)


@pytest.fixture(scope="module")
def twin() -> mv.MusicVAE:
    return mv.load("melody-2bar", backend="numpy")


def tokens(clips: Any) -> Any:
    return np.stack([clip.tokens for clip in clips])


def test_the_shipped_model_plays_the_same(model: mv.MusicVAE, twin: mv.MusicVAE) -> None:
    clips = [clip for name in mv.tunes.names() for clip in model.clips(mv.tunes.load(name))]
    for wanted, found in zip(model.encode(clips).numpy(), twin.encode(clips).numpy(), strict=True):
        np.testing.assert_allclose(found, wanted, atol=CLOSE)
    z = np.random.default_rng(3).normal(size=(600, 128))
    np.testing.assert_array_equal(tokens(twin.decode_clips(z)), tokens(model.decode_clips(z)))
    np.testing.assert_allclose(twin.cost(clips), model.cost(clips), atol=CLOSE)
    np.testing.assert_allclose(twin.place(z), model.place(z), atol=CLOSE)
    a, b = clips[0], clips[-1]
    assert twin.interpolate(a, b, 5) == model.interpolate(a, b, 5)
    assert twin.similar(a, seed=1) == model.similar(a, seed=1)
    assert twin.fingerprint == model.fingerprint
    assert shipped_judge("numpy") is shipped_judge("numpy")


def test_a_seed_gives_the_same_music(twin: mv.MusicVAE, reel: object) -> None:
    assert twin.sample(4, seed=1) == twin.sample(4, seed=1) != twin.sample(4, seed=2)
    assert twin.sample(2, seed=-5) == twin.sample(2, seed=-5)
    posterior = twin.encode(reel)
    assert isinstance(posterior.mu, np.ndarray)
    np.testing.assert_array_equal(posterior.sample(seed=1), posterior.sample(seed=1))
    drawn = np.stack([posterior.sample(seed=k) for k in range(400)])
    standard = (drawn - posterior.mu) / posterior.sigma
    assert abs(standard.mean()) < 0.02
    assert abs(standard.std() - 1) < 0.02
    with pytest.raises(ConfigError, match="seed"):
        twin.sample(1, seed=1.5)  # type: ignore[arg-type]


def test_a_foreign_checkpoint_on_numpy(fixtures: Path) -> None:
    """Read by PyTorch, run by numpy."""
    path = fixtures / "families" / "nade-drums_2bar_reduced"
    theirs, ours = (mv.load(path, config=path.name, backend=b) for b in ("torch", "numpy"))
    z = np.random.default_rng(0).normal(size=(5, theirs.config.z_size))
    np.testing.assert_array_equal(tokens(ours.decode_clips(z)), tokens(theirs.decode_clips(z)))


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    bundle = read_bundle(BUILT_IN / "melody-2bar")
    state = {name: tensor.numpy() for name, tensor in bundle.state.items()}
    for change, match in (
        ({"posterior.mu.bias": np.zeros(3, np.float32)}, r"posterior\.mu\.bias is \(3,\), not \(128,\)"),
        ({"extra": np.zeros(1, np.float32)}, "extra is left over"),
    ):
        with pytest.raises(CheckpointError, match=match):
            NumpyVAE(bundle.config, state | change)
    del state["decoder.output.bias"]
    with pytest.raises(CheckpointError, match=r"decoder\.output\.bias is missing"):
        NumpyVAE(bundle.config, state)
    save_file({"a": np.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="does not say which model"):
        mv.load(tmp_path / "other.safetensors", backend="numpy")
    with pytest.raises(ConfigError, match="'jax'"):
        mv.load("melody-2bar", backend="jax")
    with pytest.raises(ConfigError, match="cuda"):
        mv.load("melody-2bar", device="cuda", backend="numpy")


WITHOUT = """
import sys
sys.modules["torch"] = None
import numpy as np
import mvae_widgets as mv
from mvae_widgets.errors import ConfigError

model = mv.load("melody-2bar")
print(model)
a, b = (model.clips(mv.tunes.load(name))[0] for name in ("devils-dream", "soldiers-joy"))
mu, sigma = model.encode([a, b]).numpy()
assert mu.shape == sigma.shape == (2, 128)
assert [note.pitch for note in model.decode(mu)[0].notes][:4] == [note.pitch for note in a.sequence.notes][:4]
assert len(model.interpolate(a, b, 5)) == 5
assert len(model.reconstruct(mv.tunes.load("low-road"))) > 1
assert model.sample(2, seed=3) == model.sample(2, seed=3)
assert len(model.similar(a, seed=0)) == 4
assert len(model.shift(a, {"note_density": -1})) == 1
assert len(model.path([a, b, a], 7)) == 7 and len(model.grid([a, b, b, a], 3)) == 3
assert model.mean([a, b]).notes and len(model.measure(a)) > 5 and model.cost([a, b]).shape == (2,)
corpus = model.embed([mv.tunes.load(name) for name in mv.tunes.names()])
for kind in ("plane", "pca", "pca3"):
    assert model.map(corpus, kind).coordinates.shape[0] == len(corpus.mu)
assert len(model.nearest(a, corpus, 3)[0]) == 3
widgets = [
    mv.PianoRoll(a, model),
    mv.InterpolationSlider(model, a, b),
    mv.InterpolationPad(model, [a, b, b, a], n=3),
    mv.AttributeKnobs(model, a),
    mv.LatentScatter(model),
    mv.Compare.reconstruction(model, a),
    mv.Compare.routes(model, a, b),
]
for widget in widgets:
    assert widget._repr_mimebundle_() is not None, widget
    assert not widget._status, widget._status
assert widgets[1].to_html(sys.argv[2]).stat().st_size > 1_000_000
for what, call in {
    "latent constraints": lambda: model.constrain(corpus, {"note_density": (0.4, None)}),
    "MidiMe": lambda: model.midime(corpus),
    "PyTorch is not installed": lambda: mv.load("melody-2bar", backend="torch"),
    "Magenta": lambda: mv.load(sys.argv[1], config="nade-drums_2bar_reduced"),
}.items():
    try:
        call()
    except ConfigError as error:
        assert what in str(error) and "nstall" in str(error), error
    else:
        raise AssertionError(what)
from mvae_widgets.cli import main
assert main(["train", "melody-2bar", "--data", "none"]) != 0
assert not [name for name, module in sys.modules.items() if name.startswith("torch") and module]
print("fine")
"""


def test_everything_that_needs_no_pytorch_works_without_it(fixtures: Path, tmp_path: Path) -> None:
    """PyTorch is blocked from import; each widget is built, and what needs PyTorch says so."""
    path = fixtures / "families" / "nade-drums_2bar_reduced"
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(path), str(tmp_path / "a.html")], capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1:] == ["fine"], done.stderr
    assert "numpy on cpu" in done.stdout
    assert "training needs pytorch" in done.stderr.lower()
