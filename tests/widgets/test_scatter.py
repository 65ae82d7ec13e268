"""The map in Python: what it takes, what it sends, what it refuses."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from bokeh.palettes import Cividis256

import mvae_widgets as mv
from mvae_widgets.render.map_palette import CIVIDIS, palette
from mvae_widgets.widgets.points import CATEGORIES, RAMP, colouring, grouping, place_codes, sample_of


@pytest.fixture(scope="module")
def corpus(model: Any) -> Any:
    return model.embed([mv.tunes.load(name) for name in mv.tunes.names()])


def ask(widget: Any, op: str, **args: Any) -> tuple[dict[str, Any], list[bytes]]:
    sent: list[Any] = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._on_message(None, {"id": "1", "channel": op, "op": op, "args": args}, [])
    content, buffers = sent[0]
    assert content["ok"], content
    return content["result"], buffers


def test_points_lie_where_the_plane_has_them(model: Any, corpus: Any) -> None:
    widget = mv.LatentScatter(model, corpus)
    _, (xy, codes, groups) = ask(widget, "points")
    places = np.frombuffer(xy, "<f4").reshape(-1, 2)
    # The plane by hand: weights . z + offset, scaled.
    plane = model.plane
    expected = (corpus.mu @ plane.weights.T + plane.offset) / plane.scale
    assert np.allclose(places, expected, atol=1e-5)
    # And the colour's cell holds the place that the plane gives.
    cells = np.frombuffer(codes, "<u2").astype(int)
    u, v = (cells % 64 + 0.5) / 32 - 1, (cells // 64 + 0.5) / 32 - 1
    assert np.abs(np.stack([u, v], 1) - plane.place(corpus.mu)).max() <= 1 / 64 + 1e-9
    assert len(groups) == len(corpus)


def test_picking_decoding_and_showing(model: Any, corpus: Any, reel: Any) -> None:
    widget = mv.LatentScatter(model, corpus)
    heard: list[Any] = []
    widget.observe(lambda change: heard.append((change.new, widget.z)), "sequence")
    ask(widget, "pick", index=5)
    assert widget.value == 5
    assert np.array_equal(widget.z, corpus.mu[5])
    assert len(widget.sequence.notes) == len(corpus[5].sequence.notes)
    at = [0.4, -0.3]
    ask(widget, "decode", at=at)
    assert widget.value is None
    assert np.allclose(widget.projection.project(widget.z[None])[0], at)
    notes = [(n.pitch, n.start_time) for n in widget.sequence.notes]
    assert notes == [(n.pitch, n.start_time) for n in model.decode(widget.z[None], qpm=widget.tempo)[0].notes]
    widget.show(reel)
    mu = model.encode(model.clips(reel)[0]).mu[0]
    assert np.allclose(widget.z, mu, atol=1e-6)
    # z is there before the music is told of.
    assert all(np.array_equal(z, widget.z) for _, z in heard[-1:])
    assert len(heard) == 3
    widget.show(reel, z=np.zeros(3))
    assert np.allclose(widget.z, mu, atol=1e-6), "z of another model was taken"
    with pytest.raises(mv.MusicVAEError, match="not finite"):
        widget.show(reel, z=np.full(len(mu), np.nan))


def test_selected_goes_both_ways(model: Any, corpus: Any) -> None:
    widget = mv.LatentScatter(model, corpus, selected=[3, 1, 3])
    assert widget.selected.tolist() == [1, 3]
    assert [clip.title for clip in widget.selection] == [corpus[1].title, corpus[3].title]
    told, (bits,) = ask(widget, "selection")
    assert told["count"] == 2
    assert np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")).tolist() == [1, 3]
    mask = np.zeros(len(corpus), np.uint8)
    mask[[0, 9, 37]] = 1
    ask(widget, "select", bits=base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode())
    assert widget.selected.tolist() == [0, 9, 37]
    widget.selected = mask.astype(bool)
    assert widget.selected.tolist() == [0, 9, 37]
    widget.selected = None
    assert len(widget.selected) == 0
    for bad in ([len(corpus)], [-1], [0.5], "all"):
        with pytest.raises(mv.MusicVAEError):
            widget.selected = bad


def test_nearest_is_the_nearest_in_latent_space(model: Any, corpus: Any) -> None:
    widget = mv.LatentScatter(model, corpus, value=4, neighbours=True)
    distances = np.linalg.norm(corpus.mu - corpus.mu[4], axis=1)
    assert 4 not in widget.nearest
    assert np.allclose(distances[widget.nearest], np.sort(np.delete(distances, 4))[:8], rtol=1e-4)
    assert widget._here["near"] == widget.nearest.tolist()


def test_marks_and_the_path_between_them(model: Any, corpus: Any, reel: Any, air: Any) -> None:
    widget = mv.LatentScatter(model, corpus, clips={"mine": reel}, path=[reel, 3, air])
    assert [(m["letter"], m["title"]) for m in widget._marks][:2] == [
        ("A", "mine"),
        ("B", "Ah ! vous dirai-je, maman, bars 7-8"),
    ]
    assert len(widget._marks) == 3
    route, marks = np.array(widget._route), [np.array(m["at"]) for m in widget._marks]
    # The path leads through each of its clips, and on the arc between them, not on the straight line.
    for mark in marks:
        assert np.abs(route - mark).sum(1).min() < 1e-4
    a, b = np.asarray(model.encode([model.clips(reel)[0]]).mu[0], float), corpus.mu[3].astype(float)
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    arc = (np.sin(angle / 2) * (a + b)) / np.sin(angle)
    assert np.abs(route - widget.projection.project(arc[None])[0]).sum(1).min() < 0.02


def test_colours_of_words_numbers_and_times(corpus: Any) -> None:
    n = len(corpus)
    words = np.array([f"w{k % 20}" if k > 12 else "most" for k in range(n)], object)
    codes, legend = grouping(corpus.with_columns({"word": words}), "word")
    assert legend["entries"][0] == {"name": "most", "count": 13}
    assert (codes[:13] == 0).all()
    known = {e["name"]: e["count"] for e in legend["entries"]}
    assert sum(known.values()) + legend["rest"]["count"] == n
    assert (codes == CATEGORIES).sum() == legend["rest"]["count"]
    numbers = np.linspace(0, 1, n)
    numbers[2] = np.nan
    found = colouring(corpus.with_columns({"x": numbers}), "x", None)
    assert found.codes[2] == RAMP
    assert found.legend["missing"] == 1
    assert (np.diff(np.delete(found.codes, 2).astype(int)) >= 0).all()
    assert (found.codes[[0, -1]] == [0, RAMP - 1]).all()
    times = np.datetime64("1700-01-01") + np.arange(n) * np.timedelta64(365, "D")
    assert colouring(corpus.with_columns({"t": times}), "t", None).legend["ticks"][0].startswith("1700")
    same = colouring(corpus.with_columns({"c": np.ones(n)}), "c", None)
    assert len(set(same.codes)) == 1
    assert same.legend["ticks"] == ["1"]


def test_columns_as_they_come(model: Any, corpus: Any) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"who": ["a", None] * 19, "x": pandas.array([1, None] * 19, dtype="Int64")})
    widget = mv.LatentScatter(model, corpus, color="who", columns=frame)
    assert widget._legend["entries"] == [{"name": "", "count": 19}, {"name": "a", "count": 19}]
    widget.color = "x"
    assert widget._legend["missing"] == 19
    polars = pytest.importorskip("polars")
    assert mv.LatentScatter(model, corpus, color="y", columns=polars.DataFrame({"y": range(38)}))._legend["ticks"]


def test_the_ramp_is_cividis() -> None:
    for k, colour in enumerate(CIVIDIS):
        assert colour == Cividis256[round(k * 255 / 16)].lower()
    assert palette({"kind": "number"}, "dark")[RAMP - 1] == CIVIDIS[-1]


def test_five_thousand_categories(model: Any, corpus: Any) -> None:
    many = corpus[np.arange(6000) % len(corpus)].with_columns({"name": [f"n{k % 5000}" for k in range(6000)]})
    widget = mv.LatentScatter(model, many, color="name")
    assert widget._groups["values"] == 5000
    assert widget._groups["rest"] == {"count": 6000 - 16, "values": 4992}
    assert len(widget._legend["entries"]) == 8


def test_an_empty_corpus_and_a_single_clip(model: Any, corpus: Any) -> None:
    empty = mv.LatentScatter(model, corpus[[]])
    assert empty._points["count"] == 0
    ask(empty, "decode", at=[0.5, 0.5])
    assert len(empty.sequence.notes) > 0
    assert len(empty.nearest) == 0
    assert "No clips" in empty._picture()[0]["image/svg+xml"]
    with pytest.raises(mv.MusicVAEError, match="holds no clips"):
        empty.value = 0
    one = mv.LatentScatter(model, corpus[[7]], value=0, neighbours=True)
    assert len(one.nearest) == 0
    assert one._picture()[0]["text/plain"] == "Map: 1 clip, coloured by place"


def test_latent_vectors_are_decoded_and_those_not_finite_counted(model: Any) -> None:
    z = np.random.default_rng(3).standard_normal((40, model.config.z_size))
    z[[4, 9], 0] = [np.nan, np.inf]
    widget = mv.LatentScatter(model, z)
    assert widget._status["text"] == "2 of 40 points are left out: their z is not finite."
    rows = np.asarray(widget.corpus.columns["piece"])
    assert np.allclose(widget.corpus.mu, np.delete(z, [4, 9], 0)[rows], atol=1e-6)


def test_samples_of_the_prior_by_themselves(model: Any) -> None:
    widget = mv.LatentScatter(model, seed=1)
    assert len(widget.corpus) > 1900
    assert abs(widget.corpus.mu.std() - 1) < 0.01
    assert np.array_equal(widget.corpus.mu, mv.LatentScatter(model, seed=1).corpus.mu)


def test_kinds_of_map(model: Any, corpus: Any) -> None:
    widget = mv.LatentScatter(model, corpus, kind="pca3", value=2)
    assert widget._points["dimensions"] == 3
    assert len(widget._here["at"]) == 3
    centred = corpus.mu - corpus.mu.mean(0)
    variances = np.linalg.svd(centred, compute_uv=False)[:3] ** 2 / len(corpus)
    assert np.allclose(widget._xy.var(0), variances, rtol=1e-3)
    version = widget._points["version"]
    widget.kind = "plane"
    assert widget._points["version"] > version
    assert widget._points["words"] == "pitch"
    with pytest.raises(mv.MusicVAEError):
        widget.kind = "globe"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"color": "note_densety"}, "note_density"),
        ({"groups": "qpm"}, "numbers"),
        ({"value": 38}, "0 to 37"),
        ({"columns": {"a": [1, 2]}}, "2 values"),
        ({"path": [0]}, "leads nowhere"),
        ({"kind": "pca4"}, "pca4"),
        ({"colour": "title"}, "color"),
    ],
)
def test_what_it_does_not_take(model: Any, corpus: Any, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(mv.MusicVAEError, match=said):
        mv.LatentScatter(model, corpus, **wrong)


def test_cards(model: Any, corpus: Any) -> None:
    widget = mv.LatentScatter(model, corpus, color="note_density")
    told, buffers = ask(widget, "cards", indexes=[0, 9])
    assert [card["title"] for card in told["cards"]] == ["Ah ! vous dirai-je, maman", "The Devil's Dream, bars 7-8"]
    density = corpus.attributes["note_density"][9]
    assert told["cards"][1]["meta"] == f"devils-dream · {density:.3g}"
    assert [len(b) // 28 for b in buffers] == [len(corpus[i].sequence.notes) for i in (0, 9)]


def test_a_saved_map_is_small_and_has_a_sample(model: Any, corpus: Any) -> None:
    many = corpus[np.arange(100_000) % len(corpus)]
    widget = mv.LatentScatter(model, many, clips=corpus[0].sequence)
    state = widget.get_state()
    size = sum(
        len(base64.b64encode(value)) if isinstance(value, bytes) else len(str(value)) for value in state.values()
    )
    picture = sum(len(data) for data in widget._picture()[0].values())
    assert size + picture < 300_000, (size, picture)
    sample = np.frombuffer(widget._sample, "<u4")
    assert np.array_equal(sample, sample_of(100_000))
    assert np.array_equal(np.frombuffer(widget._sample_xy, "<f4").reshape(-1, 2), widget._xy[sample])


def test_the_figure_holds_every_point(model: Any, corpus: Any, reel: Any) -> None:
    widget = mv.LatentScatter(model, corpus, color="title", clips=reel, path=[0, 5], value=3)
    plot = widget.figure(width=500, theme="dark")
    rows = plot.renderers[0].data_source.data
    assert np.allclose(np.stack([rows["x"], rows["y"]], 1), widget._xy)
    assert len(set(rows["colour"])) == 6
    assert rows["title"][9] == "The Devil's Dream"
    assert plot.width == 500


def test_place_codes_at_the_corners() -> None:
    assert place_codes(np.array([[-1, -1], [1, -1], [-1, 1], [1, 1], [0, 0]])).tolist() == [0, 63, 4032, 4095, 2080]
