"""The map: a corpus in latent space, where every point sounds and every empty place decodes."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets as t

from mvae_widgets.checks import number, whole_number
from mvae_widgets.errors import ConfigError
from mvae_widgets.render.bundle import Bundle
from mvae_widgets.render.map import MapPoints, clips_of, figure, map_bundle
from mvae_widgets.widgets.base import STATIC, MusicWidget, pack, score_of
from mvae_widgets.widgets.codec import Codec, check_codec
from mvae_widgets.widgets.map_data import (
    Numbers,
    as_corpus,
    bits_of,
    cards_of,
    marks_of,
    nearest_of,
    numbers_in,
    placed,
    point_of,
    rounded,
    title_of,
    words_of,
)
from mvae_widgets.widgets.messages import Answer
from mvae_widgets.widgets.pages import map_page
from mvae_widgets.widgets.points import PLACE, colouring, default_groups, grouping, sample_of, sampled
from mvae_widgets.widgets.routes import first_clip, label_of, places_of

if TYPE_CHECKING:
    from mvae_widgets.music.clips import Clip

__all__ = ["LatentScatter"]

Array = np.ndarray[Any, Any]

KINDS = ("plane", "pca", "pca3", "umap")
NEIGHBOURS = 8
#: Cards sent at once: the one under the pointer and those around it.
CARDS = 32
#: Points of the picture that a notebook holds for readers without a kernel.
PICTURED = 1500


class LatentScatter(MusicWidget):
    """A map of many clips in latent space.

    Point at a clip to see it (and hear it, where `sound` is on), click it to make it the current one, click an
    empty place to decode what lies there, draw a lasso to select.

    Parameters
    ----------
    model
        Embeds, projects and decodes.
    data
        A `Corpus` from ``model.embed``; anything ``model.embed`` takes; latent vectors ``[n, z]`` (floats), which
        are decoded; or None for 2,000 samples of the prior.
    color
        ``"place"`` (each clip in the colour of its place on the model's plane), or the name of a column or an
        attribute: the eight most frequent values of a column of words get a colour each, numbers a ramp.
    path
        Two or more pieces of music, or numbers of clips, that a path leads through.
    clips
        Music of one's own to be marked: one piece, a list, or a dict of titles and music.
    kind
        ``"plane"`` (up is higher, right is busier; ``"pca"`` for models that have no plane), ``"pca"``, ``"pca3"``
        (three dimensions, to be turned) or ``"umap"``.
    groups
        Column whose values the legend lists; the source of the clips if not given, where it tells them apart.
    columns
        More columns, one row a clip or a piece: a dict, a pandas or polars DataFrame, numpy records.
    seed
        Of the prior's samples.
    **traits
        ``value``, ``selected``, ``neighbours``, ``sound``, ``title``, ``subtitle``, ``tempo``, ``volume``, ``loop``,
        ``theme``, ``language``.

    Attributes
    ----------
    value
        Number of the current clip in the corpus; None for music from elsewhere on the map.
    selected
        Numbers of the selected clips, an int array; assign any to select them.
    selection
        The selected clips, a `Corpus`.
    sequence
        The current music, a NoteSequence; observe it.
    z
        Its latent vector, ``[z]``.
    neighbours
        Whether lines lead to the clips that are nearest in latent space.
    nearest
        Their numbers, nearest first.
    sound
        Whether the clip under the pointer is heard; a browser makes no sound before a first click.
    corpus, projection
        What is on the map, and the map itself.

    Raises
    ------
    ConfigError
        If a column does not exist or has the wrong length, or there is no map of that kind.
    """

    _esm = STATIC / "latent_scatter.js"
    _decodes = True

    kind = t.Enum(list(KINDS), "plane").tag(sync=True)
    color = t.Unicode(PLACE).tag(sync=True)
    groups = t.Unicode("").tag(sync=True)
    value = t.Int(None, allow_none=True).tag(sync=True)
    neighbours = t.Bool(False).tag(sync=True)
    sound = t.Bool(False).tag(sync=True)
    selected = Numbers()
    sequence = t.Any(read_only=True)
    z = t.Any(read_only=True)
    # What is on the map; the points come by message, a sample of them is saved.
    _points = t.Dict().tag(sync=True)
    _sample = t.Bytes(b"").tag(sync=True)
    _sample_xy = t.Bytes(b"").tag(sync=True)
    _sample_codes = t.Bytes(b"").tag(sync=True)
    _sample_groups = t.Bytes(b"").tag(sync=True)
    _legend = t.Dict().tag(sync=True)
    _groups = t.Dict().tag(sync=True)
    # The user's own clips, and the path.
    _marks: t.List[dict[str, Any]] = t.List().tag(sync=True)
    _mark_notes = t.Bytes(b"").tag(sync=True)
    _mark_offsets = t.List(t.Int()).tag(sync=True)
    _mark_score = t.Dict().tag(sync=True)
    _route: t.List[list[float]] = t.List().tag(sync=True)
    # The current clip: where it lies, what it is, and its neighbours.
    _here = t.Dict().tag(sync=True)
    _selection = t.Dict().tag(sync=True)

    def __init__(
        self,
        model: Codec,
        data: Any = None,
        color: str = PLACE,
        path: Any = None,
        clips: Any = None,
        kind: str = "plane",
        groups: str | None = None,
        columns: Any = None,
        seed: int = 0,
        **traits: Any,
    ) -> None:
        check_codec(model)
        self._model, self._ready = model, False
        self.corpus, note = as_corpus(model, data, columns, whole_number(seed, "The seed", 0))
        value, selected = traits.pop("value", None), traits.pop("selected", ())
        self._given = {"tempo"} & set(traits)
        kind = "pca" if kind == "plane" and not model.has_places else kind
        groups = default_groups(self.corpus) if groups is None else groups
        self._own, self._way = marks_of(model, clips, path, self.corpus)
        self._version = 0
        super().__init__(**{"loop": False, "kind": kind, "color": color, "groups": groups, **traits})
        self._handlers |= {
            "points": self._points_op,
            "cards": self._cards_op,
            "pick": self._pick_op,
            "decode": self._decode_op,
            "select": self._select_op,
            "selection": self._selection_op,
        }
        self._places = np.asarray(model.place(self.corpus.mu)) if model.has_places and len(self.corpus) else None
        self._norms = (self.corpus.mu**2).sum(1)
        self._ready = True
        with self.hold_sync():
            self._project()
            self.selected = selected
            if value is not None:
                self.value = value
            elif self._own:
                mark = self._own[0]
                self._stand(mark.clip, mark.z, mark.title)
            if note:
                self._tell("warning", note)

    @property
    def selection(self) -> Any:
        """The selected clips, a `Corpus`."""
        return self.corpus[self.selected]

    @property
    def nearest(self) -> Array:
        """Numbers of the clips nearest to the current point in latent space, nearest first."""
        if self.z is None or not len(self.corpus):
            return np.empty(0, np.int64)
        return nearest_of(self.corpus.mu, self._norms, self.z, NEIGHBOURS, self.value)

    def show(self, sequence: Any, z: Any = None) -> None:
        """Mark other music on the map and make it the current one: what a link calls.

        Parameters
        ----------
        sequence
            Music; of a longer piece the first clip.
        z
            Its latent vector, if known; one of another model is not heeded.

        Raises
        ------
        MusicVAEError
            If the model takes nothing of it, or `z` holds what is no finite number.
        """
        clip, _ = first_clip(self._model, sequence)
        point = None if z is None else point_of(z, self.projection.size)
        if point is None:
            point = np.asarray(self._model.encode([clip]).numpy()[0][0], np.float64)
        self._stand(clip, point, label_of(clip))

    def figure(self, width: int = 720, theme: str = "light") -> Any:
        """A bokeh figure of the same map, for print and for pages without WebGL."""
        return figure(self._drawn(20_000), width=width, theme=theme, title=self.title or None)

    def _project(self) -> None:
        """Lay all points out on a map of the kind that is asked."""
        projection = self._model.map(self.corpus, self.kind)
        xy = np.asarray(projection.coordinates if len(self.corpus) else np.empty((0, projection.dimensions)))
        self.projection, self._xy = projection, np.ascontiguousarray(xy, "<f4")
        with self.hold_sync():
            self._colour()
            self._mark()
            if self.z is not None:
                self._here = {**self._here, "at": self._at(self.z)}

    def _colour(self) -> None:
        """Colours and groups of all points; the page asks for them by their version."""
        found = colouring(self.corpus, self.color, self._places)
        grouped = self.color if found.legend["kind"] == "category" else self.groups
        codes, groups = grouping(self.corpus, grouped) if grouped else (np.zeros(len(self.corpus), np.uint8), {})
        self._codes, self._group_codes = found.codes.astype("<u2"), codes
        self._version += 1
        with self.hold_sync():
            self._legend, self._groups = found.legend, groups
            for name, saved in sampled(self._xy, self._codes, self._group_codes).items():
                setattr(self, name, saved)
            self._points = {
                "version": self._version,
                "count": len(self.corpus),
                "dimensions": self.projection.dimensions,
                "model": self._model.name,
                "words": words_of(self._model, self.kind),
            }

    def _mark(self) -> None:
        if self._own:
            for name, value in placed(self._model, self.projection, self._own, self._way).items():
                setattr(self, name, value)

    def _at(self, z: Any) -> list[float]:
        return rounded(self.projection.project(np.asarray(z)[None])[0])

    def _stand(self, clip: Clip, z: Array, title: str, index: int | None = None, at: Any = None) -> None:
        """Make a clip the current one; `at` is where it lies, if known."""
        sequence = clip.sequence
        score = score_of(sequence)
        place = places_of(self._model, np.asarray(z)[None])[0]
        with self.hold_sync():
            ready, self._ready = self._ready, False
            self.value = index
            self._ready = ready
            self.set_trait("z", np.asarray(z, np.float64))
            if "tempo" not in self._given:
                self.tempo = min(400.0, max(10.0, clip.qpm))
            self._score, self._notes = score.as_dict(), pack(score.notes)
            self._here = {
                "index": index,
                "at": self._at(z) if at is None else at,
                "place": place,
                "title": title,
                "near": self.nearest.tolist() if self.neighbours else [],
            }
            self.set_trait("sequence", sequence)

    @t.validate("value")
    def _check_value(self, proposal: Any) -> int | None:
        if proposal.value is None:
            return None
        if not len(self.corpus):
            raise ConfigError("The map holds no clips.", "Decode a place: click it.")
        return self._number(proposal.value)

    @t.observe("value")
    def _picked(self, _change: object) -> None:
        if self._ready and self.value is not None:
            with self._showing_errors():
                clip = self.corpus[self.value]
                self._stand(clip, self.corpus.mu[self.value], title_of(clip, self.value), self.value)

    @t.observe("selected")
    def _selected_changed(self, _change: object) -> None:
        version = self._selection.get("version", 0) + 1
        self._selection = {"version": version, "count": len(self.selected)}

    @t.validate("color", "groups")
    def _check_column(self, proposal: Any) -> str:
        name = str(proposal.value)
        if proposal.trait.name == "color":
            colouring(self.corpus, name, None)
        elif name:
            grouping(self.corpus, name)
        return name

    @t.observe("color", "groups")
    def _recoloured(self, _change: object) -> None:
        if self._ready:
            self._colour()

    @t.observe("kind")
    def _laid_out(self, change: Any) -> None:
        if self._ready:
            with self._showing_errors():
                try:
                    self._project()
                except Exception:
                    self._ready = False
                    self.kind = change.old
                    self._ready = True
                    raise

    @t.observe("neighbours")
    def _neighbours_changed(self, _change: object) -> None:
        if self._ready and self.z is not None:
            self._here = {**self._here, "near": self.nearest.tolist() if self.neighbours else []}

    def _number(self, index: Any) -> int:
        return whole_number(index, "The number of a clip", 0, len(self.corpus) - 1)

    def _points_op(self) -> Answer:
        return {"version": self._version}, [self._xy.tobytes(), self._codes.tobytes(), self._group_codes.tobytes()]

    def _cards_op(self, indexes: Sequence[Any]) -> Answer:
        """What is known of some clips, and their notes."""
        chosen = [self._number(index) for index in indexes[:CARDS]]
        return cards_of(self._model, self.corpus, chosen, [self.groups, "" if self.color == PLACE else self.color])

    def _pick_op(self, index: Any, mark: bool = False) -> Answer:
        """Make a clip of the corpus, or one of the user's own, the current one."""
        if mark:
            own = self._own[whole_number(index, "The number of a mark", 0, len(self._own) - 1)]
            self._stand(own.clip, own.z, own.title)
        else:
            self.value = self._number(index)
        return {}, []

    def _decode_op(self, at: Sequence[Any]) -> Answer:
        """Decode what lies at a place of the map."""
        place = [number(x, "A place on the map") for x in at]
        z = self.projection.inverse(np.asarray(place)[None])[0]
        clip = self._model.decode_clips(z[None], qpm=self.tempo)[0]
        self._stand(clip, z, "")
        return {"at": self._here["at"]}, []

    def _select_op(self, bits: str) -> Answer:
        """Select what the page's lasso holds: one bit a clip, lowest first."""
        self.selected = numbers_in(base64.b64decode(bits), len(self.corpus))
        return dict(self._selection), []

    def _selection_op(self) -> Answer:
        return dict(self._selection), [bits_of(self.selected, len(self.corpus))]

    def _drawn(self, most: int) -> MapPoints:
        """The map as the static pictures take it: no more points than `most`."""
        sample = sample_of(len(self.corpus), most).astype(np.int64)
        titles = self.corpus.columns.get("title")
        chosen = self.selected[np.isin(self.selected, sample)] if len(self.selected) else self.selected
        return MapPoints(
            xy=self._xy[sample, :2],
            codes=self._codes[sample],
            legend=self._legend,
            count=len(self.corpus),
            titles=[] if titles is None else [str(titles[k]) for k in sample],
            marks=[(mark["letter"], mark["title"], mark["at"][:2], mark["place"]) for mark in self._marks],
            route=[row[:2] for row in self._route],
            here=(self._here["at"][:2], self._here["place"]) if self._here else None,
            lit=np.isin(sample, chosen) if len(self.selected) else None,
            words=words_of(self._model, self.kind),
        )

    def _page_data(self, decodes: bool) -> dict[str, Any]:
        columns = [self.groups, "" if self.color == PLACE else self.color]
        marks, shown = [mark.z for mark in self._own], sample_of(len(self.corpus))
        page = map_page(self._model, self.corpus, shown, columns, self.projection, marks, self.z, decodes)
        return {**page, "selection": self._selection_op()[1][0], "tempo": "tempo" in self._given}

    def _picture(self) -> Bundle:
        subtitle = self.subtitle or f"{clips_of(len(self.corpus))} · {self._model.name}"
        return map_bundle(self._drawn(PICTURED), title=self.title or "Map", subtitle=subtitle)
