"""Configurations as plain data: the shape of a network and the music it speaks (MUSICVAE.md 1.1 and 1.2).

Layer and latent sizes of a loaded model always come from its tensors; what is written here is what
`load` and the trainer start from.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mvae_widgets.errors import ConfigError

__all__ = ["CERTAIN", "CONFIGS", "HEADS", "OWN", "TRAINING", "ModelConfig", "configs"]

HEADS = ("categorical", "multi", "nade", "boolean", "groove", "strokes")

CERTAIN = 1e9
"""Added to the score of a hit that must be and taken from one that must not: no score of a model outweighs it."""

TRAINING: dict[str, Any] = {
    "batch_size": 512,
    "learning_rate": 1e-3,
    "decay_rate": 0.9999,
    "min_learning_rate": 1e-5,
    "grad_clip": 1.0,
    "grad_norm_clip_to_zero": 10_000.0,
    "max_beta": 1.0,
    "beta_rate": 0.0,
    "free_bits": 0.0,
    "dropout_keep_prob": 1.0,
    "sampling_schedule": "constant",
    "sampling_rate": 0.0,
    "transpose": 0,
}
"""How Magenta trains where a configuration says nothing else (MUSICVAE.md 1.1)."""


@dataclass(frozen=True)
class ModelConfig:
    """The shape of one MusicVAE and the music it speaks.

    Parameters
    ----------
    name
        Published or built-in name.
    family
        What the model speaks: ``"melody"``, ``"drums"``, ``"trio"``, ``"groove"`` or ``"multitrack"``.
    bars, steps_per_quarter
        Length of one clip, in 4/4 bars, and its grid.
    depth
        Width of one step that the encoder reads, without controls.
    z_size
        Latent dimensions.
    encoder_sizes
        LSTM units a layer *and direction* of the bidirectional encoder (of each of its levels).
    decoder_sizes
        LSTM units a layer of the decoder, and of its conductor if there is one.
    control_depth
        Width of the control vector (chords, keys, hits) appended to each step; 0 for none.
    steps
        Steps of one input; 0 for ``bars * 4 * steps_per_quarter``. The 512 events of a multitrack bar are no
        grid steps.
    output_depth
        Width of one step that the decoder writes; 0 for `depth`.
    encoder_levels
        ``(steps a chunk, chunks)`` of a hierarchical encoder; empty for a flat one.
    decoder_levels
        ``(segments, steps a segment)`` of a decoder with conductor; empty for a flat one.
    head
        How the decoder's numbers become a step: one of `HEADS`.
    parts
        Widths of a step's parts. With the head ``"multi"`` one layer writes them all; with any other head
        each part has a decoder of its own.
    hidden
        Hidden units of the NADE head.
    training
        How Magenta trained it where that differs from `TRAINING`.
    converter
        Arguments of the family's converter, as JSON has them.
    """

    name: str
    family: str
    bars: int
    depth: int
    z_size: int
    encoder_sizes: tuple[int, ...]
    decoder_sizes: tuple[int, ...]
    steps_per_quarter: int = 4
    control_depth: int = 0
    steps: int = 0
    output_depth: int = 0
    encoder_levels: tuple[int, ...] = ()
    decoder_levels: tuple[int, ...] = ()
    head: str = "categorical"
    parts: tuple[int, ...] = ()
    hidden: int = 0
    training: dict[str, Any] = field(default_factory=dict, hash=False)
    converter: dict[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Fill in what follows from the rest, and refuse what no network can be.

        Raises
        ------
        ConfigError
            If levels, parts and steps do not fit together.
        """
        object.__setattr__(self, "steps", self.steps or self.bars * 4 * self.steps_per_quarter)
        object.__setattr__(self, "output_depth", self.output_depth or self.depth)
        for levels in (self.encoder_levels, self.decoder_levels):
            if levels and (len(levels) != 2 or levels[0] * levels[1] != self.steps):
                raise ConfigError(f"{self.name}: levels of {levels} do not make {self.steps} steps.")
        if self.parts and sum(self.parts) != self.output_depth:
            raise ConfigError(f"{self.name}: parts of {self.parts} do not make an output of {self.output_depth}.")
        if self.head not in HEADS or (self.head == "multi" and not self.parts):
            raise ConfigError(f"{self.name}: there is no head {self.head!r} with parts {self.parts}.")

    @property
    def recipe(self) -> dict[str, Any]:
        """All of Magenta's training settings, those of `TRAINING` included."""
        return TRAINING | self.training

    def with_sizes(self, z_size: int, encoder_sizes: tuple[int, ...], decoder_sizes: tuple[int, ...]) -> ModelConfig:
        """The same music in a network of other sizes."""
        return replace(self, z_size=z_size, encoder_sizes=encoder_sizes, decoder_sizes=decoder_sizes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelConfig:
        """Inverse of `to_dict`; unknown keys, and missing ones without a default, raise `ConfigError`."""
        if extra := sorted(set(data) - set(cls.__dataclass_fields__)):
            raise ConfigError(f"Unknown settings in a model configuration: {', '.join(extra)}.")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"Incomplete model configuration: {error}.") from error


_SCHEDULED = {"sampling_schedule": "inverse_sigmoid", "sampling_rate": 1000.0}
_LIGHT_KL = {"max_beta": 0.2, "free_bits": 48.0}
_LONG = {"max_beta": 0.2, "free_bits": 256.0}
_TRIO = (90, 90, 512)


def _melodies() -> Iterator[ModelConfig]:
    def two_bars(name: str, z: int, encoder: int, decoder: tuple[int, ...], **training: Any) -> ModelConfig:
        converter = {"slice_bars": 2, "max_bars": 100, "valid_programs": list(range(32))}
        return ModelConfig(
            name, "melody", 2, 90, z, (encoder,), decoder, training={"transpose": 5} | training, converter=converter
        )

    yield two_bars("cat-mel_2bar_small", 256, 512, (256, 256), max_beta=0.2, beta_rate=0.99999, **_SCHEDULED)
    yield two_bars("cat-mel_2bar_big", 512, 2048, (2048,) * 3, max_beta=0.5, beta_rate=0.99999, **_SCHEDULED)
    yield replace(
        two_bars("cat-mel_2bar_med_chords", 256, 1024, (512,) * 3, transpose=3),
        control_depth=49,
        converter={"slice_bars": 2, "max_bars": 100, "chord_encoding": "triad"},
    )
    flat = ModelConfig(
        "flat-mel_16bar", "melody", 16, 90, 512, (2048, 2048), (2048,) * 3, training=_LONG, converter={"slice_bars": 16}
    )
    yield flat
    yield from _hierarchies(flat)


def _hierarchies(flat: ModelConfig) -> Iterator[ModelConfig]:
    """The two hierarchical versions of a flat 16-bar model: with a conductor, and with an encoder to match."""
    music = flat.name.removeprefix("flat-")
    hierdec = replace(
        flat,
        name=f"hierdec-{music}",
        decoder_sizes=(1024, 1024),
        decoder_levels=(16, 16),
        head="categorical",
        training=flat.training | _LONG,
    )
    yield hierdec
    yield replace(hierdec, name=f"hier-{music}", encoder_sizes=(1024,), encoder_levels=(16, 16))


def _drums() -> Iterator[ModelConfig]:
    converter = {"slice_bars": 2, "max_bars": 100, "roll_input": True}
    training = _LIGHT_KL | _SCHEDULED
    small = ModelConfig(
        "cat-drums_2bar_small",
        "drums",
        2,
        10,
        256,
        (512,),
        (256, 256),
        output_depth=512,
        training=training,
        converter=converter,
    )
    yield small
    yield replace(small.with_sizes(512, (2048,), (2048,) * 3), name="cat-drums_2bar_big")
    reduced = replace(
        small.with_sizes(256, (1024,), (512, 512)),
        name="nade-drums_2bar_reduced",
        output_depth=9,
        head="nade",
        hidden=128,
        converter=converter | {"roll_output": True},
    )
    yield reduced
    yield replace(
        reduced,
        name="nade-drums_2bar_full",
        depth=62,
        output_depth=61,
        converter=reduced.converter | {"kit": "full"},
    )


def _trios() -> Iterator[ModelConfig]:
    flat = ModelConfig(
        "flat-trio_16bar",
        "trio",
        16,
        sum(_TRIO),
        512,
        (2048, 2048),
        (2048,) * 3,
        head="multi",
        parts=_TRIO,
        training={"batch_size": 256},
        converter={"slice_bars": 16, "gap_bars": 2},
    )
    yield flat
    yield from _hierarchies(flat)


def _multitracks() -> Iterator[ModelConfig]:
    medium = ModelConfig(
        "hier-multiperf_vel_1bar_med",
        "multitrack",
        1,
        490,
        512,
        (1024,),
        (512,) * 3,
        steps_per_quarter=24,
        steps=512,
        encoder_levels=(64, 8),
        decoder_levels=(8, 64),
        training={"batch_size": 256, "transpose": 3},
        converter={"velocity_bins": 8},
    )
    big = replace(medium.with_sizes(512, (2048,), (1024,) * 3), name="hier-multiperf_vel_1bar_big")
    for config in (medium, big):
        yield config
        yield replace(
            config,
            name=f"{config.name}_chords",
            control_depth=49,
            converter=config.converter | {"chord_encoding": "triad"},
        )


def _grooves() -> Iterator[ModelConfig]:
    def groove(name: str, bars: int = 2, control_depth: int = 0, **converter: Any) -> ModelConfig:
        return ModelConfig(
            name,
            "groove",
            bars,
            27,
            256,
            (512,),
            (256, 256),
            control_depth=control_depth,
            head="groove",
            training=_LIGHT_KL | {"dropout_keep_prob": 0.3},
            converter={"slice_bars": bars} | converter,
        )

    yield groove("groovae_4bar", bars=4)
    yield groove("groovae_2bar_humanize", humanize=True)
    yield groove("groovae_2bar_tap_fixed_velocity", tapify=True, fixed_velocities=True)
    yield groove(
        "groovae_2bar_tap_fixed_velocity_note_dropout", tapify=True, fixed_velocities=True, max_note_dropout=0.8
    )
    yield groove("groovae_2bar_add_closed_hh", add_instruments=[2])
    yield groove("groovae_2bar_hits_control_tfds", control_depth=9, hits_as_controls=True)


def _own() -> Iterator[ModelConfig]:
    """What this package trains itself. Melody models have learnt bass lines too: any program will do."""
    melody = ModelConfig(
        "melody-2bar", "melody", 2, 90, 128, (192,), (256, 256), training={"transpose": 5}, converter={"slice_bars": 2}
    )
    yield melody
    yield replace(melody, name="melody-2bar-ae")
    yield ModelConfig(
        "drums-2bar", "drums", 2, 10, 128, (192,), (224, 224), output_depth=9, head="nade", hidden=96,
        training=_LIGHT_KL, converter={"slice_bars": 2, "roll_input": True, "roll_output": True},
    )  # fmt: skip
    groove = ModelConfig(
        "groove-2bar-humanize", "groove", 2, 27, 128, (192,), (192, 192), head="strokes",
        training=_LIGHT_KL | {"dropout_keep_prob": 0.7}, converter={"slice_bars": 2, "humanize": True},
    )  # fmt: skip
    yield groove
    yield replace(groove, name="groove-2bar-tap", converter={"slice_bars": 2, "tapify": True, "fixed_velocities": True})
    long = ModelConfig(
        "melody-16bar", "melody", 16, 90, 256, (192,), (256, 256), encoder_levels=(16, 16), decoder_levels=(16, 16),
        training=_LONG | {"transpose": 5}, converter={"slice_bars": 16},
    )  # fmt: skip
    yield long
    # As many parameters in the decoder as the conductor and its core have.
    yield replace(long, name="melody-16bar-flat", decoder_sizes=(364, 364), decoder_levels=())
    yield ModelConfig(
        "trio-16bar", "trio", 16, sum(_TRIO), 256, (384,), (256, 256), encoder_levels=(16, 16), decoder_levels=(16, 16),
        parts=_TRIO, training=_LONG, converter={"slice_bars": 16, "gap_bars": 2},
    )  # fmt: skip
    (medium, *_) = _multitracks()
    yield replace(medium.with_sizes(192, (128,), (192, 192)), name="multitrack-1bar")


OWN = tuple(config.name for config in _own())
"""Names of this package's own configurations."""

CONFIGS: dict[str, ModelConfig] = {
    config.name: config for part in (_own, _melodies, _drums, _trios, _multitracks, _grooves) for config in part()
}
"""Magenta's 23 configurations and this package's own, by name."""


def configs() -> list[str]:
    """Names of all configurations: this package's own and Magenta's 23."""
    return list(CONFIGS)
