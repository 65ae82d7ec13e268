"""Configurations as plain data: the shape of a network and the music it speaks.

Layer and latent sizes of a loaded model always come from its tensors; what is written here is what
`load` and the trainer start from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from mvae_widgets.errors import ConfigError

__all__ = ["CONFIGS", "ModelConfig"]


@dataclass(frozen=True)
class ModelConfig:
    """The shape of one MusicVAE (MUSICVAE.md 1.2).

    Parameters
    ----------
    name
        Published or built-in name.
    family
        What the model speaks; picks the converter: ``"melody"``.
    bars, steps_per_quarter
        Length of one clip, in 4/4 bars, and its grid.
    depth
        Size of one step's one-hot vector: 2 + number of pitches.
    z_size
        Latent dimensions.
    encoder_sizes
        LSTM units a layer *and direction* of the bidirectional encoder.
    decoder_sizes
        LSTM units a layer of the decoder.
    control_depth
        Size of the control vector (chords, keys) appended to each step; 0 for none.
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

    @property
    def steps(self) -> int:
        """Steps in one clip."""
        return self.bars * 4 * self.steps_per_quarter

    def with_sizes(self, z_size: int, encoder_sizes: tuple[int, ...], decoder_sizes: tuple[int, ...]) -> ModelConfig:
        """The same music in a network of other sizes."""
        return replace(self, z_size=z_size, encoder_sizes=encoder_sizes, decoder_sizes=decoder_sizes)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> ModelConfig:
        """Inverse of `to_dict`; unknown or missing keys raise `ConfigError`."""
        known = set(cls.__dataclass_fields__)
        if extra := sorted(set(data) - known):
            raise ConfigError(f"Unknown settings in a model configuration: {', '.join(extra)}.")
        values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        try:
            return cls(**values)
        except TypeError as error:
            raise ConfigError(f"Incomplete model configuration: {error}.") from error


def _melody(
    name: str, z_size: int, encoder: tuple[int, ...], decoder: tuple[int, ...], control_depth: int = 0
) -> ModelConfig:
    return ModelConfig(name, "melody", 2, 90, z_size, encoder, decoder, control_depth=control_depth)


CONFIGS: dict[str, ModelConfig] = {
    config.name: config
    for config in (
        _melody("melody-2bar", 128, (192,), (256, 256)),
        _melody("cat-mel_2bar_small", 256, (512,), (256, 256)),
        _melody("cat-mel_2bar_big", 512, (2048,), (2048, 2048, 2048)),
        _melody("cat-mel_2bar_med_chords", 256, (1024,), (512, 512, 512), control_depth=49),
    )
}
