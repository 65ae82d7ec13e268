"""The parts of a Studio: how they are made, on what music, and what each says of the clip that it shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from ipywidgets.widgets.widget import _instances

from mvae_widgets.corpus import Corpus, Origin
from mvae_widgets.errors import ConfigError, MusicVAEError
from mvae_widgets.music import beats, tunes
from mvae_widgets.music.clips import Clip, Clips
from mvae_widgets.music.score import title_of
from mvae_widgets.widgets.attribute_knobs import AttributeKnobs
from mvae_widgets.widgets.base import MusicWidget
from mvae_widgets.widgets.codec import Codec
from mvae_widgets.widgets.compare import Compare
from mvae_widgets.widgets.interpolation_pad import InterpolationPad
from mvae_widgets.widgets.interpolation_slider import InterpolationSlider
from mvae_widgets.widgets.latent_scatter import LatentScatter
from mvae_widgets.widgets.map_data import point_of
from mvae_widgets.widgets.piano_roll import PianoRoll
from mvae_widgets.widgets.routes import cost_of, first_clip, label_of
from mvae_widgets.widgets.scenes import Row, Scene, pair
from mvae_widgets.widgets.studio_tray import MOST_KEPT, Current

__all__ = [
    "LEADERS",
    "ORDER",
    "clips_for",
    "compared",
    "current_of",
    "drawn",
    "given",
    "make_parts",
    "placed",
    "prior",
    "varied",
]

Array = np.ndarray[Any, Any]

#: Parts in the order of the page, and those of them whose music becomes the current clip.
ORDER = ("map", "pad", "roll", "slider", "knobs", "compare")
LEADERS = ("map", "pad", "roll", "slider", "knobs")
#: Clips of a map that was given no corpus, decoded at once and when they are asked for.
PRIOR = 2000
MELODIES = ("ah-vous-dirai-je-maman", "soldiers-joy", "frere-jacques", "fishers-hornpipe", "devils-dream")
#: Built-in music by family of models.
BUILT_IN: dict[str, Callable[[], list[Any]]] = {
    "melody": lambda: [tunes.load(name) for name in MELODIES],
    "drums": lambda: [beats.load(name) for name in beats.names()],
    "groove": lambda: [beats.load(name) for name in beats.names()],
}
#: Corners of a pad, and what is drawn where there is no music that fits.
CORNERS = 4
SEED = 0
#: Temperature of what is drawn from the prior.
DRAWN = 0.5


class Decoded:
    """Tokens of clips at points of latent space, ``[n, ...]``, each decoded when it is first asked for.

    Parameters
    ----------
    model
        Decodes.
    z
        The points, ``[n, z]``.
    """

    def __init__(self, model: Codec, z: Array) -> None:
        self._model, self._z = model, z
        self._known: dict[int, Array] = {}

    def __len__(self) -> int:
        return len(self._z)

    def __getitem__(self, which: Any) -> Array:
        rows = np.arange(len(self._z))[which]
        wanted = np.atleast_1d(rows).tolist()
        missing = [row for row in dict.fromkeys(wanted) if row not in self._known]
        if missing:
            clips = self._model.decode_clips(self._z[missing])
            self._known |= {row: np.asarray(clip.tokens) for row, clip in zip(missing, clips, strict=True)}
        found = [self._known[row] for row in wanted]
        return np.stack(found) if np.ndim(rows) else found[0]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        """All of them."""
        del copy
        return np.asarray(self[:], dtype)


def prior(model: Any, z: Array | None = None, qpm: float = 120.0) -> Corpus:
    """A corpus of draws from the prior whose music is decoded when it is asked for.

    Parameters
    ----------
    model
        Decodes.
    z
        The draws, ``[n, z]``; two thousand seeded ones if not given.
    qpm
        Tempo of the clips.
    """
    if z is None:
        z = np.random.default_rng(SEED).standard_normal((PRIOR, int(model.config.z_size)))
    z = np.asarray(z, np.float32)
    origin = Origin(model.name, model.config.family, dict(model.config.converter), model.fingerprint, pieces=len(z))
    tokens: Any = Decoded(model, z)
    # All are decoded under the chords and the key of the first: those of a model that is told none.
    first = model.decode_clips(z[:1])[0]
    chords, keys = (
        None if row is None else np.broadcast_to(row, (len(z), len(row))) for row in (first.chords, first.keys)
    )
    columns = {"qpm": np.full(len(z), qpm)}
    return Corpus(tokens, z, np.zeros_like(z), origin, columns, chords=chords, keys=keys)


def clips_for(model: Codec, music: Any) -> tuple[list[Clip], Array]:
    """The clips that a Studio begins with, and where they lie, ``[n, z]``.

    Parameters
    ----------
    model
        Encodes; where there is no music that it takes, decodes.
    music
        A piece or a list of pieces, of which the first clips are taken; None for built-in music.

    Raises
    ------
    NothingToEncodeError
        If the model takes nothing of a given piece.
    ConfigError
        If there is no music, and the model cannot make any.
    """
    if music is None:
        family = getattr(getattr(model, "config", None), "family", "melody")
        pieces = BUILT_IN.get(family, list)()
        clips = [clip for clip in (_clip_of(model, piece) for piece in pieces) if clip is not None]
        if not clips:
            z = np.random.default_rng(SEED).standard_normal((CORNERS, _size(model)))
            return list(model.decode_clips(z)), z
    else:
        pieces = list(music) if isinstance(music, list | tuple | Clips) else [music]
        if not pieces:
            raise ConfigError("A Studio was given no music.", "Leave out music= for built-in tunes.")
        if len(pieces) > MOST_KEPT:
            raise ConfigError(f"A Studio's tray holds {MOST_KEPT} clips, not {len(pieces):,}.", "Give fewer pieces.")
        clips = [first_clip(model, piece)[0] for piece in pieces]
    return clips, np.asarray(model.encode(clips).numpy()[0], np.float64)


def _size(model: Any) -> int:
    return int(model.config.z_size)


def make_parts(
    model: Codec, clips: Sequence[Clip], z: Array, corpus: Any, comm: Callable[[str], Any]
) -> dict[str, MusicWidget]:
    """Make the parts that the model allows, in the order of the page.

    Parameters
    ----------
    model
        Of all parts.
    clips, z
        Music for the corners and ends, as `clips_for` gives it.
    corpus
        For the map; None for draws from the prior.
    comm
        Gives the part of a name its `Tunnel`.
    """
    four = [clips[k % len(clips)] for k in range(CORNERS)]
    two = [clips[k % len(clips)] for k in range(2)]
    first, qpm = clips[0], clips[0].qpm
    makers: dict[str, Callable[[], MusicWidget]] = {
        "map": lambda: LatentScatter(model, prior(model, qpm=qpm) if corpus is None else corpus, comm=comm("map")),
        "pad": lambda: InterpolationPad(model, four, comm=comm("pad")),
        "roll": lambda: PianoRoll(first.sequence, model, z[0], edit=True, comm=comm("roll")),
        "slider": lambda: InterpolationSlider(model, *two, comm=comm("slider")),
        "knobs": lambda: AttributeKnobs(model, first, comm=comm("knobs")),
        "compare": lambda: Compare(
            compared(Current("", "", {}, first.sequence), Current("", "", {}, first.sequence)), comm=comm("compare")
        ),
    }
    decodes = _decodes(model, z)
    absent = set() if decodes else {"map", "pad", "slider", "knobs"}
    if not model.has_attributes:
        absent.add("knobs")
    if not hasattr(model, "map"):
        absent.add("map")
    parts: dict[str, MusicWidget] = {}
    for name in ORDER:
        if name not in absent:
            part: Any = makers[name]()
            # ipywidgets lists all widgets for saved notebooks and reloaded pages; the Studio speaks for its parts.
            _instances.pop(part.model_id, None)
            # No page but the Studio's knows the part: elsewhere it is its picture.
            part._repr_mimebundle_ = partial(_pictured, part)
            parts[name] = part
    return parts


def _pictured(part: Any, **_keys: Any) -> Any:
    return part._picture()


def _decodes(model: Codec, z: Array) -> bool:
    """Whether a point alone says what is to be played; some models must be told the hits."""
    try:
        model.decode_clips(z[:1])
    except ConfigError:
        return False
    return True


def compared(before: Current, after: Current) -> Scene:
    """The clip before the current one over the current one."""
    rows = [
        Row(name, [clip.sequence], "", None if clip.z is None else clip.z[None], [clip.place] if clip.place else [])
        for name, clip in (("original", before), ("other", after))
    ]
    again = lambda music, _z: pair(music, after.sequence, None, ("", ""))  # noqa: E731
    return Scene("pair", rows, "", 1, again=again)


def current_of(name: str, part: Any, model: Codec, before: Current) -> Current:
    """The clip that a part shows, with what says where in the part it stands.

    Parameters
    ----------
    name, part
        The part; one of `LEADERS`.
    model
        Encodes what was written by hand, and measures its cost.
    before
        The clip from which knobs were turned or notes edited.
    """
    clip = _clip_of(model, part.sequence)
    title, args, z = "", {}, part.z if name != "roll" else _encoded(model, clip)
    if name == "map":
        # A clip of a corpus without titles goes by its number, which is no title.
        shown = str(part._here.get("title", ""))
        title, args = "" if part.value is not None and shown == f"{part.value:,}" else shown, {"index": part.value}
    elif name == "pad":
        row, column = part.value
        title = part.labels[_corner(part)] if part.value in _corners(part.n) else ""
        args = {"row": row, "column": column, "n": part.n}
    elif name == "slider":
        stops = [k for k, stop in enumerate(part._stops) if abs(part._position - stop) < 1e-6]
        title = part.labels[stops[0]] if stops else ""
        args = {"step": part._position, "steps": part.steps, "space": part.space, "labels": list(part.labels)}
    elif name == "knobs":
        turned = part.value != part._bench.centres
        title, args = "" if turned else part._label, {"of": part._label}
    else:
        title = title_of(part.sequence)
        args = {"of": before.title or before.args.get("of", "")}
    place = part._place if name == "roll" else _place(model, z)
    return Current(name, title, {**args, **_cost(model, clip)}, part.sequence, z, list(place), clip)


def placed(model: Codec, part: str, title: str, args: dict[str, Any], clip: Clip, z: Array) -> Current:
    """A clip that no part shows yet, as the current one."""
    args = {**args, **_cost(model, clip)}
    point = np.asarray(z, np.float64)
    return Current(part, title or label_of(clip), args, clip.sequence, point, _place(model, point), clip)


def given(model: Codec, sequence: Any, z: Any) -> Current:
    """Music from outside as the current clip; its place is found where it is not known."""
    point = None if z is None else point_of(z, _size(model))
    clip = _clip_of(model, sequence)
    point = _encoded(model, clip) if point is None else point
    return Current("given", title_of(sequence), _cost(model, clip), sequence, point, _place(model, point), clip)


def _clip_of(model: Codec, sequence: Any) -> Clip | None:
    """What the model takes of some music first; None where it takes nothing."""
    try:
        return first_clip(model, sequence)[0]
    except MusicVAEError:
        return None


def _cost(model: Codec, clip: Clip | None) -> dict[str, float]:
    """Bits a step, where the model has a language model."""
    costs = [] if clip is None else cost_of(model, [clip])
    return {"cost": round(costs[0], 3)} if costs else {}


def _encoded(model: Codec, clip: Clip | None) -> Array | None:
    """Middle of a clip's posterior."""
    return None if clip is None else np.asarray(model.encode([clip]).numpy()[0][0], np.float64)


def _place(model: Codec, z: Array | None) -> list[float]:
    return [float(x) for x in model.place(z[None])[0]] if z is not None and model.has_places else []


def _corners(n: int) -> list[tuple[int, int]]:
    return [(0, 0), (0, n - 1), (n - 1, 0), (n - 1, n - 1)]


def _corner(pad: InterpolationPad) -> int:
    return _corners(pad.n).index(pad.cell)


#: Shares of the posterior's deviation at which a variation is looked for, nearest first.
REACH = (0.7, 1.0, 1.5, 2.2, 3.3, 5.0)


def varied(model: Codec, now: Current, seed: int, qpm: float) -> Current:
    """The nearest of some draws around a clip that differs from it.

    Raises
    ------
    ConfigError
        If the model takes nothing of the clip.
    """
    clip = now.clip
    if now.z is None or clip is None:
        raise ConfigError(f"{model.name} takes nothing of this clip.", "Choose another one.")
    sigma = np.asarray(model.encode([clip]).numpy()[1][0], np.float64)
    noise = np.random.default_rng(seed).standard_normal(sigma.shape)
    z = now.z + np.array(REACH)[:, None] * sigma * noise
    clips = model.decode_clips(z, qpm=qpm, program=clip.program)
    own = np.asarray(clip.tokens)
    found = next((k for k, one in enumerate(clips) if not np.array_equal(one.tokens, own)), len(clips) - 1)
    args = {"seed": seed, "of": now.title or now.args.get("of", "")}
    return placed(model, "vary", "", args, clips[found], z[found])


def drawn(model: Codec, seed: int, qpm: float) -> Current:
    """A clip drawn from the prior."""
    z = np.random.default_rng(seed).standard_normal((1, _size(model)))
    clip = model.decode_clips(z, DRAWN, seed, qpm=qpm)[0]
    return placed(model, "draw", "", {"seed": seed}, clip, z[0])
