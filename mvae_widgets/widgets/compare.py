"""Music side by side: what a reconstruction changed, and what two spaces make of the same task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from mvae_widgets.checks import number
from mvae_widgets.errors import ConfigError
from mvae_widgets.music.difference import Difference, difference
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.compare import CLIP, WHOLE, rolls_bundle, rows_bundle
from mvae_widgets.widgets import scenes
from mvae_widgets.widgets.base import STATIC, MusicWidget, on_common_tracks, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.scenes import Scene

if TYPE_CHECKING:
    from note_seq import NoteSequence

__all__ = ["Compare"]

# Bytes of notes that a saved notebook holds; the page asks for more.
SAVED = 32_000


class Compare(MusicWidget):
    """Music side by side.

    ``Compare(original, other)`` shows two pieces and how they differ: notes that both have stand back, those
    that are missing or added stand out and are counted. `reconstruction`, `mean`, `routes` and `samples` make
    the comparisons of the paper and of its article, `playlist` lists pieces that are heard one after the other.

    Parameters
    ----------
    original, other
        What `PianoRoll` takes.
    model
        With a model the music takes the colour of its place in latent space.
    labels
        Words for the two in place of "Original" and "Other".
    **traits
        ``value``, ``title``, ``subtitle``, ``tempo``, ``volume``, ``loop``, ``theme``, ``language``.

    Attributes
    ----------
    value
        Which is played: counted from 0 over all rows.
    selected
        The same as (row, index in the row), such as ``("latent", 3)``.
    sequence
        Its music, a NoteSequence; observe it.
    sequences
        All music by row.
    z
        Its latent vector, ``[z]``, or None without a model.
    difference
        Of two pieces: which notes they share (`music.difference.Difference`); else None.
    costs
        Bits a step by row, under the language model; empty where there are none.
    """

    _esm = STATIC / "compare.js"

    value = t.Int(0, min=0).tag(sync=True)
    selected = t.Any(read_only=True)
    sequence = t.Any(read_only=True)
    _kind = t.Unicode("pair").tag(sync=True)
    _rows: t.List[dict[str, Any]] = t.List().tag(sync=True)
    _offsets = t.List(t.Int()).tag(sync=True)
    _places: t.List[list[float]] = t.List().tag(sync=True)
    _costs = t.List(t.Float()).tag(sync=True)
    _limit = t.Float(None, allow_none=True).tag(sync=True)
    _difference = t.Dict().tag(sync=True)

    def __init__(
        self,
        original: Any,
        other: Any = None,
        model: Codec | None = None,
        *,
        labels: Sequence[str] | None = None,
        **traits: Any,
    ) -> None:
        if isinstance(original, Scene):
            scene = original
        else:
            if model is not None:
                check_codec(model)
            words = ("", "") if labels is None else tuple(labels)
            if len(words) != 2 or not all(isinstance(word, str) for word in words):
                raise ConfigError(f"{labels!r} are not two words.", 'Such as labels=("Before", "After").')
            scene = scenes.pair(original, other, model, words)
        self._given = {"subtitle", "tempo"} & set(traits)
        self._scene: Scene | None = None
        value = traits.pop("value", None)
        super().__init__(**{"loop": True, **traits})
        self._handlers["notes"] = self._notes_op
        self._model = model
        self._show(scene)
        if value is not None:
            self.value = value

    @classmethod
    def reconstruction(cls, model: Codec, music: Any, bars: int = 4, **traits: Any) -> Compare:
        """What a model makes of music: the original over what comes out of latent space.

        Parameters
        ----------
        model
            Encodes and decodes.
        music
            What `model.clips` takes.
        bars
            How much of it, from its first clip on; one clip at least.
        **traits
            As for `Compare`.

        Raises
        ------
        NothingToEncodeError
            If the model takes nothing of the music.
        """
        check_codec(model)
        return cls(scenes.reconstruction(model, music, bars), model=model, **traits)

    @classmethod
    def mean(cls, model: Codec, a: Any, b: Any, **traits: Any) -> Compare:
        """Two clips, and the music half way between them in latent space; parameters as for `routes`."""
        check_codec(model)
        return cls(scenes.mean(model, a, b), model=model, **traits)

    @classmethod
    def routes(cls, model: Codec, a: Any, b: Any, steps: int = 9, seed: int = 0, **traits: Any) -> Compare:
        """Two routes from one clip to another: through latent space, and through data space.

        Parameters
        ----------
        model
            Decodes the first, and measures both where it has a language model.
        a, b
            Music for the ends; of a longer piece the first clip, and the widget says so.
        steps
            2 to 17, both ends among them.
        seed
            Of the draws of data space.
        **traits
            As for `Compare`.
        """
        check_codec(model)
        return cls(scenes.routes(model, a, b, steps, seed), model=model, **traits)

    @classmethod
    def samples(
        cls, model: Codec, n: int = 6, seed: int = 0, temperature: float | None = 0.5, **traits: Any
    ) -> Compare:
        """Random clips of data space over music at random points of latent space.

        Parameters
        ----------
        model
            Draws both.
        n
            How many of each, 1 to 12.
        seed
            The same seed gives the same clips.
        temperature
            Of decoding; None takes the likeliest music.
        **traits
            As for `Compare`.
        """
        check_codec(model)
        return cls(scenes.samples(model, n, seed, temperature), model=model, **traits)

    @classmethod
    def playlist(cls, pieces: Sequence[Any], model: Codec | None = None, **traits: Any) -> Compare:
        """Pieces that are heard one after the other, all at the tempo of the first.

        Parameters
        ----------
        pieces
            1 to 24 of what `PianoRoll` takes, such as what ``model.sample(6)`` gives.
        model
            With a model each piece takes the colour of its place in latent space.
        **traits
            As for `Compare`; with ``loop=True`` the chosen piece is repeated instead.

        Raises
        ------
        ConfigError
            If there are none, or too many.
        """
        if model is not None:
            check_codec(model)
        return cls(scenes.playlist(pieces, model), model=model, **{"loop": False, **traits})

    @property
    def sequences(self) -> dict[str, list[NoteSequence]]:
        """All music by row."""
        return {row.name: list(row.sequences) for row in self._shown.rows}

    @property
    def costs(self) -> dict[str, np.ndarray[Any, Any]]:
        """Bits a step by row."""
        return {row.name: np.array(row.costs) for row in self._shown.rows if len(row.costs)}

    @property
    def difference(self) -> Difference | None:
        """How two pieces differ."""
        return self._found

    @property
    def z(self) -> np.ndarray[Any, Any] | None:
        """Latent vector of what is selected, ``[z]``, where it is known."""
        row, index = self._at(self.value)
        points = self._shown.rows[row].z
        return None if points is None else np.asarray(points[index])

    def show(self, sequence: Any, z: Any = None) -> None:
        """Compare other music in the same way, whose place in latent space may be known: what a link calls.

        Raises
        ------
        ConfigError
            If this shows random samples or a playlist, which follow nothing.
        """
        if self._shown.again is None:
            raise ConfigError("Random samples and playlists follow no other widget.", "Link another comparison.")
        self._show(self._shown.again(sequence, z))

    @property
    def _shown(self) -> Scene:
        assert self._scene is not None
        return self._scene

    def _show(self, scene: Scene) -> None:
        every = [(row, k) for row in scene.rows for k in range(len(row.sequences))]
        scores = on_common_tracks([score_of(row.sequences[k]) for row, k in every])
        again = self._scene is not None
        self._found = difference(scores[0], scores[1]) if scene.kind == "pair" else None
        self._scene, self._scores = scene, scores
        self._packed = pack(np.concatenate([score.notes for score in scores]))
        with self.hold_sync():
            longest = max(scores, key=lambda score: score.quarters)
            self._kind, self._limit = scene.kind, scene.limit
            self._rows = [{"name": row.name, "label": row.label, "count": len(row.sequences)} for row in scene.rows]
            self._score = longest.as_dict()
            self._notes = self._packed if len(self._packed) <= SAVED else b""
            self._offsets = [0, *np.cumsum([len(score.notes) for score in scores]).tolist()]
            self._places = [list(row.places[k]) if row.places else [] for row, k in every]
            self._costs = [float(cost) for row in scene.rows for cost in row.costs]
            self._difference = _told(self._found)
            self._status = {}
            if scene.told:
                self._tell("info", scene.told, "Pick others with model.clips(piece)[i].")
            if "subtitle" not in self._given:
                self.subtitle = scene.subtitle
            if "tempo" not in self._given:
                self.tempo = number(min(400.0, max(10.0, scores[0].tempos[0][1])), "The tempo")
            self.value = self.value if again and self.value < len(every) else scene.start
            self._select()

    def _at(self, value: int) -> tuple[int, int]:
        """Row and index in the row."""
        for row, content in enumerate(self._shown.rows):
            if value < len(content.sequences):
                return row, value
            value -= len(content.sequences)
        raise ConfigError("There is no such music here.")

    @t.validate("value")
    def _read_value(self, proposal: Any) -> int:
        count = len(self._offsets) - 1
        if self._scene is not None and proposal.value >= count:
            raise t.TraitError(f"There is no number {proposal.value}: this compares 0 to {count - 1}.")
        return int(proposal.value)

    @t.observe("value")
    def _chosen(self, _change: object) -> None:
        if self._scene is not None:
            with self._showing_errors():
                self._select()

    def _select(self) -> None:
        row, index = self._at(self.value)
        self.set_trait("selected", (self._shown.rows[row].name, index))
        self.set_trait("sequence", self._shown.rows[row].sequences[index])

    def _notes_op(self, table: str) -> Answer:
        """Send the notes that are too many for a trait."""
        return {"table": table}, [self._packed]

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        return {"tables": {"all": self._packed}}

    def _picture(self) -> Bundle:
        scene = self._shown
        names = [row.label or NAMES.get(row.name, "") for row in scene.rows]
        title = self.title or TITLES[scene.kind]
        if scene.kind in ("pair", "mean"):
            places = [list(row.places[0]) if row.places else [] for row in scene.rows]
            return rolls_bundle(self._scores, places, names, self._found, title=title, subtitle=self.subtitle)
        counts = [len(row.sequences) for row in scene.rows]
        return rows_bundle(
            self._scores,
            self._places,
            names,
            counts,
            self._costs,
            scene.limit,
            size=WHOLE if scene.kind == "playlist" else CLIP,
            title=title,
            subtitle=self.subtitle,
        )


# For the picture; the page has its own words.
NAMES = {
    "original": "Original",
    "other": "Other",
    "reconstruction": "Reconstruction",
    "latent": "Latent space",
    "data": "Data space",
    "a": "A",
    "mean": "Mean",
    "b": "B",
}
TITLES = {
    "pair": "Compare",
    "mean": "Mean",
    "routes": "Two routes",
    "samples": "Random samples",
    "playlist": "Playlist",
}


def _told(found: Difference | None) -> dict[str, Any]:
    """A difference as the page reads it."""
    if found is None:
        return {}
    beats = [[round(start, 4), round(end, 4), count] for start, end, count in found.beats]
    return {"same": len(found.same), "missing": list(found.missing), "added": list(found.added), "beats": beats}
