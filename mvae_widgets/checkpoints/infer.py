"""What the tensors say: the structure and the sizes of a network, and which configurations fit it (MUSICVAE.md 1.3)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from mvae_widgets.checkpoints.keymap import is_weight, to_magenta
from mvae_widgets.errors import CheckpointError
from mvae_widgets.nn.config import CONFIGS, OWN, ModelConfig
from mvae_widgets.nn.vae import VAE

__all__ = ["Structure", "check", "fit", "infer"]

Shapes = dict[str, tuple[int, ...]]

_OTHER = "Is it a checkpoint of another model, or damaged?"


@dataclass(frozen=True)
class Structure:
    """What tells configurations apart, sizes aside.

    Parameters
    ----------
    encoder, decoder
        ``"flat"`` or ``"hierarchical"``.
    depth
        Width of one step that the encoder reads, without controls.
    outputs
        Widths of what is decoded, one for each of the decoders side by side.
    control_depth
        Width of the controls.
    nade
        Whether the head is a NADE.
    """

    encoder: str
    decoder: str
    depth: int
    outputs: tuple[int, ...]
    control_depth: int
    nade: bool

    @classmethod
    def of(cls, config: ModelConfig) -> Structure:
        """That of a configuration."""
        return cls(
            "hierarchical" if config.encoder_levels else "flat",
            "hierarchical" if config.decoder_levels else "flat",
            config.depth,
            config.parts if config.parts and config.head != "multi" else (config.output_depth,),
            config.control_depth,
            config.head == "nade",
        )

    def __str__(self) -> str:
        heads = " + ".join(map(str, self.outputs)) + (" NADE" if self.nade else "")
        controls = f" and {self.control_depth} of controls" if self.control_depth else ""
        return f"a {self.encoder} encoder of {self.depth}{controls}, a {self.decoder} decoder of {heads}"


@dataclass(frozen=True)
class Sizes:
    """Layer and latent sizes."""

    z_size: int
    encoder: tuple[int, ...]
    decoder: tuple[int, ...]
    hidden: int

    def of(self, config: ModelConfig) -> ModelConfig:
        """The configuration in these sizes."""
        return replace(config.with_sizes(self.z_size, self.encoder, self.decoder), hidden=self.hidden)


def measure(shapes: Shapes, where: object) -> tuple[Structure, Sizes]:
    """Structure and sizes of a network with variables of these shapes.

    Raises
    ------
    CheckpointError
        If they are not those of a MusicVAE; names the tensor that is missing.
    """

    def shape(name: str, axes: int) -> tuple[int, ...]:
        if name not in shapes:
            raise CheckpointError(f"{where} holds no MusicVAE: the tensor {name} is missing.", _OTHER)
        if len(shapes[name]) != axes:
            raise CheckpointError(f"{where}: the tensor {name} has the wrong shape {shapes[name]}.", _OTHER)
        return shapes[name]

    def layers(pattern: str) -> tuple[int, ...]:
        found: list[int] = []
        while not found or pattern.format(len(found)) in shapes:
            found.append(shape(pattern.format(len(found)), 1)[0] // 4)
        return tuple(found)

    high = "encoder/hierarchical_level_0/"
    stem = high if any(name.startswith(high) for name in shapes) else "encoder/"
    cell = stem + "cell_{}/bidirectional_rnn/fw/multi_rnn_cell/cell_0/lstm_cell/"
    encoder = layers(cell + "bias")
    z_size = shape("encoder/mu/kernel", 2)[1]
    conducted = any(name.startswith("decoder/hierarchical_level_0/") for name in shapes)
    core = "core_decoder/" if conducted else ""
    count = 0
    while f"{core}core_decoder_{count}/decoder/output_projection/bias" in shapes:
        count += 1
    stems = [f"{core}core_decoder_{part}/decoder/" for part in range(count)] or [f"{core}decoder/"]
    decoder = layers(stems[0] + "multi_rnn_cell/cell_{}/lstm_cell/bias")
    nade = f"{stems[0]}nade/w_enc" in shapes
    hidden = shape(f"{stems[0]}nade/w_enc", 3)[2] if nade else 0
    outputs = tuple(shape(f"{stem}output_projection/bias", 1)[0] - hidden for stem in stems)
    z_in = shape(f"{stems[0]}z_to_initial_state/kernel", 2)[0]
    kernel = shape(f"{stems[0]}multi_rnn_cell/cell_0/lstm_cell/kernel", 2)
    controls = kernel[0] - decoder[0] - z_in - outputs[0]
    depth = shape(cell.format(0) + "kernel", 2)[0] - encoder[0] - controls
    kinds = ["hierarchical" if yes else "flat" for yes in (stem == high, conducted)]
    return Structure(kinds[0], kinds[1], depth, outputs, controls, nade), Sizes(z_size, encoder, decoder, hidden)


def infer(shapes: Shapes, where: object) -> ModelConfig:
    """The configuration that these shapes are of.

    One of exactly these sizes is taken before others that speak the same; where configurations of other
    music fit as well, nothing is guessed.

    Raises
    ------
    CheckpointError
        If none fits, or several; lists those.
    """
    structure, sizes = measure(shapes, where)
    fitting = _fitting(structure)
    exact = [config for config in fitting if sizes.of(config) == config]
    candidates = exact or fitting
    if not candidates:
        raise CheckpointError(f"{where} fits no known configuration: it has {structure}.", _OTHER)
    if len({_music(config) for config in candidates}) > 1:
        names = ", ".join(config.name for config in candidates)
        raise CheckpointError(f"{where} fits several configurations: {names}.", "Say which, by its name.")
    return sizes.of(candidates[0])


def fit(shapes: Shapes, config: ModelConfig, where: object) -> ModelConfig:
    """A configuration in the sizes that the shapes have.

    Raises
    ------
    CheckpointError
        If they are of another structure; says which configurations they fit.
    """
    structure, sizes = measure(shapes, where)
    if structure != Structure.of(config):
        names = ", ".join(other.name for other in _fitting(structure))
        raise CheckpointError(
            f"{where} is no {config.name}: it has {structure}, not {Structure.of(config)}.",
            f"It fits: {names}." if names else _OTHER,
        )
    return sizes.of(config)


def check(shapes: Shapes, config: ModelConfig, where: object) -> None:
    """Compare every shape with what the configuration asks for.

    Raises
    ------
    CheckpointError
        At the first tensor that is missing, left over or of another shape; names it.
    """
    with torch.device("meta"):
        state = VAE(config).state_dict()
    expected = {name: tuple(tensor.shape) for name, tensor in to_magenta(state, config).items()}
    for name in sorted(expected):
        if name not in shapes:
            raise CheckpointError(f"{where}: the tensor {name} is missing for a {config.name}.", _OTHER)
        if shapes[name] != expected[name]:
            raise CheckpointError(
                f"{where}: the tensor {name} has the shape {shapes[name]}, not {expected[name]}.", _OTHER
            )
    if left := sorted(set(shapes) - set(expected)):
        raise CheckpointError(f"{where}: {len(left)} tensors do not belong to a {config.name}: {left[0]}.", _OTHER)


def weights(shapes: Shapes) -> Shapes:
    """Without what belongs to the training."""
    return {name: shape for name, shape in shapes.items() if is_weight(name)}


def _fitting(structure: Structure) -> list[ModelConfig]:
    """Magenta's configurations of that structure (this package's own has a file format of its own)."""
    return [c for c in CONFIGS.values() if Structure.of(c) == structure and c.name not in OWN]


def _music(config: ModelConfig) -> tuple[object, ...]:
    """What a configuration speaks, and how, sizes and training aside."""
    levels = (config.encoder_levels, config.decoder_levels)
    return config.family, config.bars, config.steps, levels, config.head, str(config.converter)
