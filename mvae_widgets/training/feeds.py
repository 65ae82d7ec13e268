"""From the clips of a family to the batches that its models learn from.

The tokens are those of `music`'s converters, and so are the rows: what a feed makes of a clip without chance
is what the converter's ``inputs``, ``targets`` and ``controls`` make of it, for a whole batch at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.training.draws import Draw, Pick
from mvae_widgets.training.recipes import Recipe

__all__ = [
    "FEEDS",
    "DrumFeed",
    "Feed",
    "GrooveFeed",
    "MelodyFeed",
    "MultitrackFeed",
    "Rows",
    "TrioFeed",
    "check_tokens",
    "feed_for",
    "rows_for",
    "tokens_for",
]

CLASSES = 9
# Drums that change places together: kick, snare, hi-hats, toms, cymbals.
GROUPS = ((0,), (1,), (2, 3), (4, 5, 6), (7, 8))
TAP_CLASS = 3
LEAST_DROPPED = 0.2


class Rows(NamedTuple):
    """One batch as a network takes it.

    Parameters
    ----------
    x
        What the encoder reads, ``[batch, steps, depth]``.
    y
        What the decoder is to write, ``[batch, steps, output_depth]``.
    controls
        ``[batch, steps, control_depth]``, for a model that has them.
    lengths
        Valid steps of each track, ``[batch, tracks]``; all of them if not given.
    """

    x: Tensor
    y: Tensor
    controls: Tensor | None = None
    lengths: Tensor | None = None

    def map(self, change: Callable[[Tensor], Tensor]) -> Rows:
        """The same with each tensor changed."""
        controls, lengths = (None if t is None else change(t) for t in (self.controls, self.lengths))
        return Rows(change(self.x), change(self.y), controls, lengths)


class Feed(ABC):
    """The clips of a recipe.

    Parameters
    ----------
    tokens, weights
        As `dataset.load_clips` gives them.
    recipe
        Says how clips are varied.
    device
        Where they are kept.
    """

    def __init__(
        self, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], recipe: Recipe, device: str
    ) -> None:
        self.recipe, self.config = recipe, recipe.config
        self.pick = Pick(tokens, weights, device)

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw tokens of n clips by weight, varied as the recipe says."""
        return self.pick(n, generator)

    def plain(self, n: int, generator: torch.Generator) -> Tensor:
        """Draw tokens of n clips by weight, as they are."""
        return Pick.__call__(self.pick, n, generator)

    @classmethod
    @abstractmethod
    def rows(cls, tokens: Tensor, config: ModelConfig, generator: torch.Generator | None = None) -> Rows:
        """Tokens as rows; with a generator, the encoder may miss notes as the converter's settings say."""

    @classmethod
    @abstractmethod
    def tokens(cls, y: Tensor, config: ModelConfig) -> Tensor:
        """Rows of a decoder as tokens: the way back of ``rows(...).y``."""

    @classmethod
    @abstractmethod
    def bounds(cls, config: ModelConfig) -> tuple[Any, Any]:
        """Least and largest token; of each column, where a step has several."""


class MelodyFeed(Feed):
    """Melodies: one-hot labels. Varied by transposition."""

    def __init__(
        self, tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], recipe: Recipe, device: str
    ) -> None:
        super().__init__(tokens[:1], weights[:1], recipe, device)
        self.pick = Draw(tokens, weights, recipe.config.depth, recipe.transpose, device)

    @classmethod
    def rows(cls, tokens: Tensor, config: ModelConfig, generator: torch.Generator | None = None) -> Rows:
        """See `Feed`."""
        x = one_hot(tokens.long(), config.depth).float()
        return Rows(x, x)

    @classmethod
    def tokens(cls, y: Tensor, config: ModelConfig) -> Tensor:
        """See `Feed`."""
        return y.argmax(-1)

    @classmethod
    def bounds(cls, config: ModelConfig) -> tuple[Any, Any]:
        """See `Feed`."""
        return 0, config.depth - 1


class DrumFeed(Feed):
    """Drums: bits and one for none, or one-hot labels, whichever encoder and decoder take.

    Varied by `Recipe.cross`: a clip gets some of its drums (hi-hats, say) from another clip. Density and
    repetition of each drum stay as they are in the data, while the combinations become many.
    """

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """See `Feed`."""
        bits = self.pick(n, generator)
        if not self.recipe.cross:
            return bits
        others = self.pick(n, generator)
        device = bits.device
        crossed = torch.rand(n, 1, device=device, generator=generator) < self.recipe.cross
        swapped = torch.rand(n, len(GROUPS), device=device, generator=generator) < 0.5
        group_of = torch.tensor([g for g, classes in enumerate(GROUPS) for _ in classes], device=device)
        return torch.where((swapped & crossed)[:, None, group_of], others, bits)

    @classmethod
    def rows(cls, tokens: Tensor, config: ModelConfig, generator: torch.Generator | None = None) -> Rows:
        """See `Feed`."""
        bits = tokens.float()
        labels = (tokens.long() << torch.arange(CLASSES, device=tokens.device)).sum(-1)
        one = one_hot(labels, 1 << CLASSES).float()
        silent = (bits.sum(-1, keepdim=True) == 0).float()
        x = torch.cat([bits, silent], -1) if config.converter.get("roll_input", True) else one
        return Rows(x, bits if config.converter.get("roll_output") else one)

    @classmethod
    def tokens(cls, y: Tensor, config: ModelConfig) -> Tensor:
        """See `Feed`."""
        if config.converter.get("roll_output"):
            return (y > 0.5).to(torch.uint8)
        return (y.argmax(-1)[..., None] >> torch.arange(CLASSES, device=y.device) & 1).to(torch.uint8)

    @classmethod
    def bounds(cls, config: ModelConfig) -> tuple[Any, Any]:
        """See `Feed`."""
        return [0] * CLASSES, [1] * CLASSES


class TrioFeed(Feed):
    """Melody, bass and drums: three one-hots side by side. Varied by transposition of both pitched parts."""

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """See `Feed`."""
        tokens, reach = self.pick(n, generator), self.recipe.transpose
        by = torch.randint(-reach, reach + 1, (n, 1, 1), device=tokens.device, generator=generator)
        pitched = tokens[..., :2]
        moved = torch.where(pitched >= 2, pitched + by, pitched)
        fits = ((moved >= 2) | (pitched < 2)) & (moved < self.config.parts[0])
        moved = torch.where(fits.flatten(1).all(1)[:, None, None], moved, pitched)
        return torch.cat([moved, tokens[..., 2:]], -1)

    @classmethod
    def rows(cls, tokens: Tensor, config: ModelConfig, generator: torch.Generator | None = None) -> Rows:
        """See `Feed`."""
        parts = zip(tokens.long().unbind(-1), config.parts, strict=True)
        x = torch.cat([one_hot(part, depth) for part, depth in parts], -1).float()
        return Rows(x, x)

    @classmethod
    def tokens(cls, y: Tensor, config: ModelConfig) -> Tensor:
        """See `Feed`."""
        return torch.stack([part.argmax(-1) for part in y.split(config.parts, -1)], -1)

    @classmethod
    def bounds(cls, config: ModelConfig) -> tuple[Any, Any]:
        """See `Feed`."""
        return [0] * len(config.parts), [depth - 1 for depth in config.parts]


class GrooveFeed(Feed):
    """Grooves: all of it to write, and to read what the converter's settings let the encoder hear.

    Varied by `Recipe.loudness`: a clip is played that much louder or softer, at most.
    """

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """See `Feed`."""
        groove, reach = self.pick(n, generator), self.recipe.loudness
        hits, velocities, offsets = groove.chunk(3, -1)
        by = 1 + reach * (2 * torch.rand(n, 1, 1, device=groove.device, generator=generator) - 1)
        return torch.cat([hits, (velocities * by).clamp(max=1.0), offsets], -1)

    @classmethod
    def rows(cls, tokens: Tensor, config: ModelConfig, generator: torch.Generator | None = None) -> Rows:
        """See `Feed`; equal to `music.groove.GrooveConverter.hear`."""
        settings = config.converter
        groove = tokens.unflatten(-1, (3, CLASSES))
        heard = groove
        most = settings.get("max_note_dropout", 0.0)
        if generator is not None and most:
            share = most * torch.rand(len(groove), 1, 1, device=groove.device, generator=generator)
            chance = share * (1 - groove[:, :, 1]).clamp(min=LEAST_DROPPED)
            missed = torch.rand(chance.shape, device=groove.device, generator=generator) < chance
            heard = torch.where(missed[:, :, None], 0.0, heard)
        if settings.get("tapify"):
            # What is tapped comes from the whole groove, even where the loudest note was missed.
            loudest = heard[:, :, 1].argmax(-1)[:, :, None, None].expand(-1, -1, 3, 1)
            tapped = torch.zeros_like(groove)
            tapped[..., TAP_CLASS] = groove.gather(-1, loudest)[..., 0]
            heard = tapped
        keep = torch.ones(3, CLASSES, device=groove.device)
        if settings.get("humanize"):
            keep[1:] = 0
        if settings.get("fixed_velocities"):
            keep[1] = 0
        keep[:, list(settings.get("add_instruments", ()))] = 0
        controls = groove[:, :, 0] if settings.get("hits_as_controls") else None
        return Rows((heard * keep).flatten(-2), tokens, controls)

    @classmethod
    def tokens(cls, y: Tensor, config: ModelConfig) -> Tensor:
        """See `Feed`."""
        return y

    @classmethod
    def bounds(cls, config: ModelConfig) -> tuple[Any, Any]:
        """See `Feed`."""
        return [0] * 2 * CLASSES + [-1] * CLASSES, [1] * 3 * CLASSES


class MultitrackFeed(Feed):
    """Tracks of events, each padded with -1 to the same number of rows.

    Varied by transposition: of all tracks together, but of drums.
    """

    def draw(self, n: int, generator: torch.Generator) -> Tensor:
        """See `Feed`; a clip that a transposition would push out of the pitches stays as it is."""
        tokens, reach = self.pick(n, generator), self.recipe.transpose
        vocabulary = cast("Any", converter_for(self.config.family, **self.config.converter)).vocabulary
        by = torch.randint(-reach, reach + 1, (n, 1, 1), device=tokens.device, generator=generator)
        tracks = tokens.unflatten(-1, _tracks(self.config))
        # The last of the programs, before the end, are the drums.
        drums = tracks[..., :1] == vocabulary.end - 1
        ons = (tracks >= 0) & (tracks < vocabulary.note_off) & ~drums
        offs = (tracks >= vocabulary.note_off) & (tracks < 2 * vocabulary.note_off) & ~drums
        moved = torch.where(ons | offs, tracks + by, tracks)
        lowest = torch.where(offs, vocabulary.note_off, 0)
        fits = (moved >= lowest) & (moved < lowest + vocabulary.note_off) | ~(ons | offs)
        return torch.where(fits.flatten(1).all(1)[:, None, None], moved, tracks).flatten(1)

    @classmethod
    def rows(cls, tokens: Tensor, config: ModelConfig, generator: torch.Generator | None = None) -> Rows:
        """See `Feed`."""
        there = tokens >= 0
        x = one_hot(tokens.long().clamp(min=0), config.depth).float() * there[..., None]
        return Rows(x, x, None, there.unflatten(-1, _tracks(config)).sum(-1))

    @classmethod
    def tokens(cls, y: Tensor, config: ModelConfig) -> Tensor:
        """See `Feed`; of what a decoder writes, also what comes after a track's end."""
        return torch.where(y.any(-1), y.argmax(-1), -1).to(torch.int16)

    @classmethod
    def bounds(cls, config: ModelConfig) -> tuple[Any, Any]:
        """See `Feed`."""
        return -1, config.depth - 1


def _tracks(config: ModelConfig) -> tuple[int, int]:
    """Tracks of a clip, and rows of each."""
    rows, tracks = config.encoder_levels
    return tracks, rows


FEEDS: dict[str, type[Feed]] = {
    "melody": MelodyFeed,
    "drums": DrumFeed,
    "groove": GrooveFeed,
    "trio": TrioFeed,
    "multitrack": MultitrackFeed,
}
"""By family."""


def feed_for(tokens: np.ndarray[Any, Any], weights: np.ndarray[Any, Any], recipe: Recipe, device: str) -> Feed:
    """The feed of a recipe's family; parameters as for `Feed`.

    Raises
    ------
    ConfigError
        If the network wants what no prepared file has: chords, or other drums than the nine classes.
    ReadError
        If tokens are not those of the network (`check_tokens`).
    """
    config = recipe.config
    wide = {"melody": config.depth != 90, "drums": config.depth not in (CLASSES + 1, 1 << CLASSES)}
    if wide.get(config.family) or "chord_encoding" in config.converter:
        raise ConfigError(
            f"{config.name} takes chords, other pitches or other drums than prepared files have.",
            "Train a model of pitches 21 to 108 or of nine drums, without chords.",
        )
    check_tokens(tokens, config)
    return FEEDS[config.family](tokens, weights, recipe, device)


def check_tokens(tokens: np.ndarray[Any, Any], config: ModelConfig) -> None:
    """Refuse clips ``[n, steps, ...]`` that a network does not take.

    Raises
    ------
    ReadError
        If their shape, or a token, is not one of its own.
    """
    low, high = (np.asarray(bound) for bound in FEEDS[config.family].bounds(config))
    if tokens.shape[1:] != (config.steps, *low.shape):
        raise ReadError(
            f"Clips of shape {tokens.shape[1:]} are not what {config.name} takes.",
            f"It takes {(config.steps, *low.shape)}: give data that was prepared for it.",
        )
    # Also false where there is no number.
    wrong = ~((tokens >= low) & (tokens <= high)).reshape(len(tokens), -1).all(1)
    if wrong.any():
        raise ReadError(
            f"{int(wrong.sum())} of {len(tokens)} clips hold tokens that {config.name} does not know; "
            f"the first is clip {int(wrong.argmax())}.",
            f"Tokens go from {low.min()} to {high.max()}: prepare the data again.",
        )


def rows_for(tokens: np.ndarray[Any, Any], config: ModelConfig, device: torch.device | str = "cpu") -> Rows:
    """Rows of clips ``[n, steps, ...]``, all that the encoder can hear of them."""
    return FEEDS[config.family].rows(torch.from_numpy(np.array(tokens)).to(device), config)


def tokens_for(y: Tensor, config: ModelConfig) -> np.ndarray[Any, Any]:
    """Tokens ``[n, steps, ...]`` of a decoder's rows."""
    tokens: np.ndarray[Any, Any] = FEEDS[config.family].tokens(y, config).cpu().numpy()
    return tokens
