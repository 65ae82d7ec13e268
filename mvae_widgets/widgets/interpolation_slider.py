"""The interpolation slider: drag, and hear one tune turn into the other."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import traitlets as t

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import MusicVAEWarning
from mvae_widgets.latent.interpolate import path
from mvae_widgets.music.clips import Clip
from mvae_widgets.render.plots import Bundle, strip_bundle
from mvae_widgets.widgets.base import STATIC, MusicWidget, on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec

__all__ = ["InterpolationSlider"]

MAX_STEPS = 65


class InterpolationSlider(MusicWidget):
    """A slider along the arc between two clips in latent space.

    All steps are decoded at once and live in the page, so dragging never waits for the kernel. At the
    two ends stand the clips themselves, not their reconstructions.

    Parameters
    ----------
    model
        Decodes the steps.
    a, b
        Music for the two ends; of a longer piece the first clip, and the widget says so.
    steps
        2 to 65.
    **traits
        ``value``, ``title``, ``tempo``, ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    value
        Where the slider stands, 0 (a) to 1 (b), always at a step.
    sequence
        The music of that step, a NoteSequence; observe it.
    sequences
        The music of all steps.
    z
        Latent vector of that step, ``[z]``.
    """

    _esm = STATIC / "interpolation_slider.js"

    value = t.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    steps = t.Int(9, read_only=True).tag(sync=True)
    labels = t.List(t.Unicode()).tag(sync=True)
    sequence = t.Any(read_only=True)
    _offsets = t.List(t.Int()).tag(sync=True)
    _places: t.List[list[float]] = t.List().tag(sync=True)

    def __init__(self, model: Codec, a: Any, b: Any, steps: int = 9, **traits: Any) -> None:
        check_codec(model)
        steps = whole_number(steps, "The number of steps", 2, MAX_STEPS)
        value = self._at_step(number(traits.pop("value", 0.0), "The value", 0, 1), steps)
        (start, start_cut), (end, end_cut) = _first_clip(model, a), _first_clip(model, b)
        ends = [start, end]
        mu, _ = model.encode(ends).numpy()
        self.latents: np.ndarray[Any, Any] = path(mu[0], mu[1], steps)
        tempo = number(traits.get("tempo", start.qpm), "The tempo", 10, 400)
        # Each step sounds with the instrument of the end that it is nearer to.
        sounds = [(start if 2 * k < steps else end).program for k in range(1, steps - 1)]
        decoded = model.decode(self.latents[1:-1], qpm=tempo, program=sounds) if steps > 2 else []
        self.sequences = [start.sequence, *decoded, end.sequence]
        super().__init__(**{"loop": True, "labels": [self._label(end) for end in ends], **traits, "tempo": tempo})
        scores = on_common_tracks([score_of(sequence) for sequence in self.sequences])
        with self.hold_sync():
            self.set_trait("steps", steps)
            self._scores = scores
            self._score = scores[0].as_dict()
            self._notes = pack(np.concatenate([score.notes for score in scores]))
            self._offsets = [0, *np.cumsum([len(score.notes) for score in scores]).tolist()]
            self._places = model.place(self.latents).tolist() if model.has_places else [[] for _ in scores]
            if start_cut or end_cut:
                used = [f"{clip.where} of {clip.title or 'the piece'}" for clip in ends]
                self._tell("info", f"From {used[0]} to {used[1]}.", "Pick others with model.clips(piece)[i].")
            self.value = value
            self.set_trait("sequence", self.sequences[self.step])

    @property
    def step(self) -> int:
        """The step that the slider stands at, from 0."""
        return round(self.value * (self.steps - 1))

    @property
    def z(self) -> np.ndarray[Any, Any]:
        """Latent vector of the current step, ``[z]``."""
        return np.asarray(self.latents[self.step])

    @staticmethod
    def _at_step(value: float, steps: int) -> float:
        return round(value * (steps - 1)) / (steps - 1)

    @staticmethod
    def _label(clip: Clip) -> str:
        return ", ".join(filter(None, (clip.title, clip.where if clip.bar > 1 else "")))

    @t.validate("value")
    def _snap(self, proposal: Any) -> float:
        return self._at_step(proposal.value, self.steps)

    @t.observe("value")
    def _value_changed(self, _change: object) -> None:
        if hasattr(self, "_scores"):
            with self._showing_errors():
                self.set_trait("sequence", self.sequences[self.step])

    def _picture(self) -> Bundle:
        return strip_bundle(self._scores, self._places, self.labels, self.step, title=self.title or None)


def _first_clip(model: Codec, music: Any) -> tuple[Clip, bool]:
    """The first clip of some music, and whether there were more."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", MusicVAEWarning)
        clip = model.first_clip(music)
    return clip, bool(told)
