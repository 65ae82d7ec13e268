"""The Studio from the kernel's side: parts in a tunnel, the current clip, the tray and the song."""

from __future__ import annotations

import io
from typing import Any

import ipywidgets
import note_seq
import numpy as np
import pretty_midi
import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError
from mvae_widgets.widgets import studio_parts
from tests.studio_page import FakePage, onsets, told
from tests.test_families import small

PARTS = ["map", "pad", "roll", "slider", "knobs", "compare"]


@pytest.fixture
def studio(model: Any) -> mv.Studio:
    return mv.Studio(model)


@pytest.fixture
def page(studio: mv.Studio) -> FakePage:
    page = FakePage(studio)
    page.do("open")
    return page


def test_one_comm_for_all_and_the_parts_are_in_no_saved_state(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Any] = []
    create = ipywidgets.widgets.widget.comm.create_comm
    monkeypatch.setattr(
        ipywidgets.widgets.widget.comm, "create_comm", lambda **more: (opened.append(more), create(**more))[1]
    )
    studio = mv.Studio(model)
    # ipywidgets' own layout opens one, too.
    modules = [more["data"]["state"]["_model_module"] for more in opened]
    assert modules.count("anywidget") == 1
    saved = ipywidgets.Widget.get_manager_state()["state"]
    assert studio.model_id in saved
    assert not {part.model_id for part in studio.parts.values()} & set(saved)


def test_a_page_that_opens_is_told_all_of_every_part(studio: mv.Studio) -> None:
    page = FakePage(studio)
    studio.pad.value = (1, 1)
    assert page.parts == {}, "nobody listens yet"
    assert page.do("open")["parts"] == studio._parts == PARTS
    for name, part in studio.parts.items():
        assert page.parts[name] == told(part)
    assert not any(name.startswith(("_esm", "_css", "layout")) for state in page.parts.values() for name in state)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("pad", lambda page: page.write("pad", value=[3, 2])),
        ("slider", lambda page: page.write("slider", value=0.5)),
        ("map", lambda page: page.call("map", "pick", index=7)),
        ("map", lambda page: page.call("map", "decode", at=[0.1, -0.2])),
        ("knobs", lambda page: page.call("knobs", "turn", value={"note_density": 0.9})),
    ],
)
def test_what_is_touched_leads_and_the_others_follow(studio: mv.Studio, page: FakePage, part: str, change: Any) -> None:
    before, seen = studio.sequence, []
    studio.observe(lambda change: seen.append((change.new, studio.z)), "sequence")
    change(page)
    led = studio.parts[part]
    assert [music for music, _ in seen] == [led.sequence]
    np.testing.assert_array_equal(seen[0][1], led.z)
    assert studio._current["part"] == part
    assert studio._chosen == -1
    assert studio.roll.sequence == studio.sequence == led.sequence
    assert studio.map.sequence.notes == led.sequence.notes
    np.testing.assert_array_equal(studio.map.z, led.z)
    assert studio.roll._place == pytest.approx(studio._model.place(led.z)[0].tolist())
    if part != "knobs":
        np.testing.assert_array_equal(studio.knobs.z, led.z)
    assert [studio.compare.sequences[row][0] for row in ("original", "other")] == [before, studio.sequence]
    for name, one in studio.parts.items():
        assert page.parts[name] == told(one), f"the page's {name} is the kernel's"


def test_an_edit_in_the_roll_leads(studio: mv.Studio, page: FakePage, model: Any) -> None:
    rows = page.notes().copy()
    rows[0, 2] += 2
    page.edit(rows[:6])
    assert studio._current["part"] == "roll"
    assert len(studio.sequence.notes) == 6
    np.testing.assert_allclose(studio.z, model.encode(studio.sequence).numpy()[0][0])
    assert studio.knobs.z == pytest.approx(studio.z)
    revision = studio.roll._revision
    page.edit(rows[:5])
    assert studio.roll._revision == revision, "the page's own edit is not shown to it again"
    rows[0, 2] = 125
    page.edit(rows[:1])
    assert studio.sequence.notes[0].pitch == 125
    assert studio.z is None, "the model takes nothing of this"
    assert len(studio.knobs.sequence.notes) > 0
    assert page.do("keep")["id"] == studio.kept[-1].id
    assert page.ask("vary", seed=1)["error"]["code"] == "config"


def test_drags_compare_with_what_was_before_them(studio: mv.Studio, page: FakePage) -> None:
    before = studio.sequence
    for column in range(6):
        page.write("pad", value=[3, column])
    assert studio.compare.sequences["original"] == [before]
    assert studio.compare.sequences["other"] == [studio.pad.sequences[3][5]]
    page.write("slider", value=0.25)
    assert studio.compare.sequences["original"] == [studio.pad.sequences[3][5]]


def test_the_song_is_its_clips_one_after_another(studio: mv.Studio, page: FakePage) -> None:
    songs: list[Any] = []
    studio.observe(lambda change: songs.append(change.new), "song")
    page.write("pad", value=[2, 5])
    own = page.do("keep")["id"]
    ids = [1, own, 2, 2, 5, own]
    page.do("arrange", ids=ids)
    assert studio.arrangement == studio._arrangement == ids
    assert songs == [studio.song]
    by_id = {clip.id: clip for clip in studio.kept}
    expected = sorted(
        (at + 8.0 * k, pitch)
        for k, number in enumerate(ids)
        for at, pitch in onsets(by_id[number].sequence, by_id[number].sequence.tempos[0].qpm)
    )
    assert onsets(studio.song, studio.tempo) == expected
    assert studio.song.total_time == pytest.approx(8 * len(ids) * 60 / studio.tempo)
    # What the page chains by itself is the same.
    table = np.frombuffer(studio._notes, "<f4").reshape(-1, 7)
    assert sorted((round(float(row[0]), 4), int(row[2])) for row in table) == expected
    assert studio._score["quarters"] == 8.0 * len(ids)
    kept = np.frombuffer(studio._kept_notes, "<f4").reshape(-1, 7)
    for clip, (start, end) in zip(
        studio._kept, zip(studio._kept_offsets, studio._kept_offsets[1:], strict=False), strict=True
    ):
        assert sorted((round(float(row[0]), 4), int(row[2])) for row in kept[start:end]) == onsets(
            by_id[clip["id"]].sequence, by_id[clip["id"]].sequence.tempos[0].qpm
        )
        assert clip["bars"] == 2.0
    # pretty_midi reads the exported file.
    midi = pretty_midi.PrettyMIDI(io.BytesIO(page.do("export", what="midi")["buffers"][0]))
    found = sorted((note.start * studio.tempo / 60, note.pitch) for one in midi.instruments for note in one.notes)
    assert [pitch for _, pitch in found] == [pitch for _, pitch in expected]
    np.testing.assert_allclose([at for at, _ in found], [at for at, _ in expected], atol=0.01)
    studio.tempo = 90.0
    assert onsets(studio.song, 90.0) == expected
    page.do("clear")
    assert (studio.song, studio.arrangement, studio._notes) == (None, [], b"")


def test_tracks_of_the_song_are_common(model: Any) -> None:
    def piece(*programs: int, drums: bool = False) -> Any:
        sequence = note_seq.NoteSequence()
        sequence.tempos.add(qpm=120)
        for k, program in enumerate(programs):
            sequence.notes.add(pitch=60 + k, velocity=80, start_time=0, end_time=1, instrument=k, program=program)
        if drums:
            sequence.notes.add(pitch=36, velocity=90, start_time=0, end_time=0.1, instrument=9, is_drum=True)
        sequence.total_time = 4.0
        return sequence

    studio = mv.Studio(model, music=[piece(0)])
    for music in (piece(33, 0, drums=True), piece(40)):
        studio.show(music)
        studio.keep()
    studio.arrange([1, 2, 3])
    assert [(track["program"], track["drum"]) for track in studio._score["tracks"]] == [
        (0, False),
        (33, False),
        (40, False),
        (0, True),
    ]
    by_program = {(note.program, note.is_drum): [] for note in studio.song.notes}
    for note in studio.song.notes:
        by_program[note.program, note.is_drum].append(note.start_time)
    assert by_program == {(0, False): [0.0, 4.0], (33, False): [4.0], (40, False): [8.0], (0, True): [4.0]}
    midi = pretty_midi.PrettyMIDI(io.BytesIO(FakePage(studio).do("export", what="midi")["buffers"][0]))
    assert sorted((one.program, one.is_drum) for one in midi.instruments) == sorted(by_program)


def test_two_hundred_tracks_go_through(model: Any) -> None:
    sequence = note_seq.NoteSequence()
    sequence.tempos.add(qpm=120)
    for k in range(200):
        for beat in range(8):
            sequence.notes.add(
                pitch=30 + k % 60,
                velocity=60,
                start_time=beat / 2,
                end_time=beat / 2 + 0.4,
                instrument=k,
                program=k % 128,
                is_drum=k % 50 == 9,
            )
    sequence.total_time = 4.0
    studio = mv.Studio(model, music=[sequence])
    studio.show(sequence)
    clip = studio.keep("Big")
    studio.arrange([clip.id, clip.id])
    assert len(studio._score["tracks"]) == 200
    assert len(studio.song.notes) == 2 * len(sequence.notes)
    midi = pretty_midi.PrettyMIDI(io.BytesIO(FakePage(studio).do("export", what="midi")["buffers"][0]))
    assert len(midi.instruments) == 200
    assert sum(len(one.notes) for one in midi.instruments) == 2 * len(sequence.notes)
    studio.undo()
    studio.undo()
    assert len(studio.kept) == 1


def test_a_kept_clip_is_chosen_renamed_and_discarded(studio: mv.Studio, page: FakePage) -> None:
    page.write("pad", value=[3, 3])
    page.do("keep", title="Mine")
    clip = studio.kept[-1]
    assert (clip.title, studio._chosen, clip.part) == ("Mine", clip.id, "pad")
    assert studio._kept[-1]["args"]["row"] == 3
    page.do("choose", id=2)
    assert studio.sequence == studio.kept[1].sequence
    assert studio._chosen == 2
    np.testing.assert_array_equal(studio.map.z, studio.kept[1].z)
    page.do("rename", id=clip.id, title="  Yours ")
    assert [one["title"] for one in studio._kept][-1] == "Yours"
    page.do("arrange", ids=[clip.id, 1, clip.id])
    page.do("discard", id=clip.id)
    assert studio.arrangement == [1]
    assert clip.id not in [one.id for one in studio.kept]
    assert studio.keep().id > clip.id, "no two clips ever have one id"


@pytest.mark.parametrize(
    ("op", "args"),
    [
        ("choose", {"id": 99}),
        ("choose", {"id": "a"}),
        ("choose", {"id": None}),
        ("rename", {"id": 99, "title": "x"}),
        ("discard", {"id": -1}),
        ("arrange", {"ids": [1, 99]}),
        ("arrange", {"ids": [1] * 129}),
        ("end", {"which": "c", "id": 1}),
        ("end", {"which": "a", "id": 99}),
        ("corner", {"which": 4, "id": 1}),
        ("corner", {"which": "A", "id": 1}),
        ("vary", {"seed": -1}),
        ("vary", {"seed": 0.5}),
        ("draw", {"seed": None}),
        ("export", {"what": "mp3"}),
        ("nothing", {}),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    studio: mv.Studio, page: FakePage, op: str, args: dict[str, Any]
) -> None:
    page.do("arrange", ids=[1, 2])
    before, steps = studio._moment(), studio._undo
    reply = page.ask(op, **args)
    assert not reply["ok"]
    assert reply["error"]["code"] == "config"
    assert studio._moment().is_like(before)
    assert studio._undo == steps


@pytest.mark.parametrize(
    "message",
    [
        {"part": "nobody", "method": "update", "state": {}},
        {"part": "pad", "method": "update", "state": 3},
        {"part": "pad", "method": "update", "state": {"value": {"$bytes": "%"}}},
        {"part": "pad", "method": "explode"},
        {"part": "pad"},
        {"part": ["pad"], "method": "update"},
        {"part": "pad", "method": "custom", "content": 3},
    ],
)
def test_nonsense_from_a_page_hurts_nobody(studio: mv.Studio, page: FakePage, message: dict[str, Any]) -> None:
    before = studio._moment()
    studio._on_message(studio, message, [])
    assert studio._moment().is_like(before)
    page.write("pad", value=[1, 1])
    assert studio.pad.value == (1, 1)


def test_ends_and_corners_take_kept_clips(studio: mv.Studio, page: FakePage) -> None:
    clip = studio.kept[3]
    page.do("end", which="b", id=clip.id)
    assert studio.slider.sequences[-1].notes == clip.sequence.notes
    np.testing.assert_allclose(studio.slider.latents[-1], clip.z, rtol=1e-12)
    assert studio.slider.labels[-1] == clip.title
    page.do("end", which="a", id=5)
    assert studio.slider.labels[0] == studio.kept[4].title
    assert studio.sequence == studio.slider.sequence, "what was touched leads"
    page.do("corner", which=2, id=5)
    np.testing.assert_allclose(studio.pad.latents[6, 0], studio.kept[4].z, rtol=1e-12)
    np.testing.assert_allclose(studio.pad.latents[0, 6], studio.kept[1].z, rtol=1e-12)
    with pytest.raises(ConfigError):
        studio.set_corner("E", 1)


def test_variations_and_draws_are_seeded(studio: mv.Studio, model: Any) -> None:
    start = studio.sequence
    studio.vary(seed=3)
    first, z = studio.sequence, studio.z
    assert first != start
    assert studio._current["part"] == "vary"
    sigma = model.encode(start).numpy()[1][0]
    away = (z - studio.kept[0].z) / sigma
    expected = np.random.default_rng(3).standard_normal(sigma.shape)
    share = away[0] / expected[0]
    assert share in [pytest.approx(reach) for reach in studio_parts.REACH]
    np.testing.assert_allclose(away, share * expected, rtol=1e-4, atol=1e-6)
    assert model.decode(z[None], qpm=studio.tempo)[0].notes == first.notes
    studio.choose(1)
    studio.vary(seed=3)
    assert studio.sequence == first
    studio.draw(seed=5)
    np.testing.assert_array_equal(studio.z, np.random.default_rng(5).standard_normal((1, len(z)))[0])
    one = studio.sequence
    studio.draw(seed=6)
    assert studio.sequence != one
    studio.draw(seed=5)
    assert studio.sequence == one


def test_links_lead_in_and_out(studio: mv.Studio, reel: Any) -> None:
    roll = mv.PianoRoll()
    mv.link(studio, roll)
    studio.pad.value = (2, 2)
    assert roll.sequence == studio.sequence == studio.pad.sequence
    other = mv.PianoRoll()
    mv.link(other, studio)
    other.sequence = reel
    assert studio.sequence == reel
    assert studio._current["part"] == "given"


def test_the_map_decodes_what_it_is_asked_for(studio: mv.Studio, model: Any) -> None:
    corpus = studio.map.corpus
    assert len(corpus) == 2000
    assert len(corpus.tokens._known) < 100
    studio.map.value = 41
    assert studio.sequence.notes == model.decode(corpus.mu[41][None], qpm=studio.tempo)[0].notes
    assert studio._current["title"] == "", "a number is no title"
    few = corpus[[3, 5, 3]]
    np.testing.assert_array_equal(few.tokens[0], few.tokens[2])
    np.testing.assert_array_equal(few.tokens[1], model.decode_clips(corpus.mu[5][None])[0].tokens)


def test_a_corpus_of_ones_own_is_shown(model: Any, reel: Any, air: Any) -> None:
    corpus = model.embed([reel, air])
    studio = mv.Studio(model, music=[reel, air], corpus=corpus)
    assert studio.map.corpus is corpus
    assert len(studio.kept) == 2
    studio.map.value = len(corpus) - 1
    assert studio._current["title"].startswith("Slow air")


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("hierdec-trio_16bar", {"map", "pad", "roll", "slider", "compare"}),
        ("hier-mel_16bar", {"map", "pad", "roll", "slider", "compare"}),
        ("multitrack-1bar", {"map", "pad", "roll", "slider", "compare"}),
        ("groove-2bar-humanize", {"map", "pad", "roll", "slider", "compare"}),
        # It must be told which hits to play, so that a point alone is no music.
        ("groovae_2bar_hits_control_tfds", {"roll", "compare"}),
    ],
)
def test_other_families_have_the_parts_that_go_with_them(name: str, parts: set[str]) -> None:
    studio = mv.Studio(small(name))
    page = FakePage(studio)
    page.do("open")
    assert set(studio._parts) == parts
    assert studio.knobs is None
    bars = studio._model.config.bars
    kept = studio.keep()
    page.do("arrange", ids=[1, kept.id])
    assert studio._score["quarters"] == 2 * 4 * bars
    drawn = page.ask("draw", seed=1)
    assert drawn["ok"] == ("pad" in parts)
    if "pad" in parts:
        page.write("pad", value=[1, 1])
        assert studio.sequence == studio.pad.sequence
        page.call("map", "pick", index=3)
        assert studio.sequence == studio.map.sequence
    else:
        assert page.ask("corner", which=0, id=1)["error"]["message"].startswith("This Studio has no pad")
    while studio._undo:
        page.do("undo")
    assert [clip.id for clip in studio.kept] == [clip.id for clip in studio.kept if clip.id < kept.id]


@pytest.mark.parametrize(("music", "corpus"), [([], None), (3, None), (["nowhere.mid"], None)])
def test_what_is_no_music_is_refused(model: Any, music: Any, corpus: Any) -> None:
    with pytest.raises(mv.MusicVAEError):
        mv.Studio(model, music=music, corpus=corpus)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigError):
        mv.Studio("melody-2bar")


def test_a_part_in_another_cell_is_its_picture(studio: mv.Studio) -> None:
    formatter = pytest.importorskip("IPython.core.formatters").DisplayFormatter()
    shown, _ = formatter.format(studio.pad)
    assert {"image/svg+xml", "image/png", "text/plain"} <= set(shown)
    assert "application/vnd.jupyter.widget-view+json" not in shown
    assert "application/vnd.jupyter.widget-view+json" in formatter.format(studio)[0]


def test_closing_closes_all(studio: mv.Studio) -> None:
    parts = list(studio.parts.values())
    studio.close()
    assert studio.comm is None
    assert all(part.comm is None for part in parts)
