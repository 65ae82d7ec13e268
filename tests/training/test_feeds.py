"""Batches: equal to what the converters make of the same clips, and varied only as the recipe says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import note_seq
import numpy as np
import pytest
import torch

from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.music.converter import Example
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.training.dataset import Source, load_clips, trio_windows
from mvae_widgets.training.feeds import GROUPS, DrumFeed, GrooveFeed, TrioFeed, feed_for, rows_for, tokens_for
from mvae_widgets.training.recipes import Recipe
from tests.training.made_up import write_drums, write_multitracks

DRUMS, GROOVES = Source("drums.npz", "drums", "gmd"), Source("drums.npz", "groove", "gmd")
RNG = np.random.default_rng(3)


def made_up(config: ModelConfig, n: int = 5) -> np.ndarray[Any, Any]:
    """Tokens of any family."""
    shape = (n, config.steps)
    bits = RNG.random((*shape, 9)) < 0.3
    match config.family:
        case "melody":
            return RNG.integers(0, config.depth, shape).astype(np.uint8)
        case "drums":
            return bits.astype(np.uint8)
        case "trio":
            return np.stack([RNG.integers(0, width, shape) for width in config.parts], -1).astype(np.int16)
        case "multitrack":
            tracks = RNG.integers(0, config.depth, (n, 8, 64)).astype(np.int16)
            tracks[np.arange(64) >= RNG.integers(1, 65, (n, 8, 1))] = -1
            return tracks.reshape(shape)
    velocities = RNG.random((*shape, 9)).astype(np.float32) * bits
    offsets = (2 * RNG.random((*shape, 9)) - 1).astype(np.float32) * bits
    return np.concatenate([bits, velocities, offsets], -1, dtype=np.float32)


FAMILIES = [name for name in CONFIGS if "full" not in name]


@pytest.mark.parametrize("name", [n for n in FAMILIES if "chord_encoding" not in CONFIGS[n].converter])
def test_rows_are_those_of_the_converter(name: str) -> None:
    config = CONFIGS[name]
    converter = converter_for(config.family, **config.converter)
    tokens = made_up(config)
    rows = rows_for(tokens, config)
    for clip, x, y in zip(tokens, rows.x.numpy(), rows.y.numpy(), strict=True):
        expected, controls, length = converter.inputs(Example(clip))
        if rows.lengths is None:
            assert length == config.steps
        np.testing.assert_array_equal(x, expected)
        np.testing.assert_array_equal(y, converter.targets(Example(clip)))
        assert (controls is None) == (rows.controls is None) == (config.control_depth == 0)
    if rows.controls is not None:
        np.testing.assert_array_equal(rows.controls[-1].numpy(), controls)
    if rows.lengths is not None:
        assert rows.lengths[-1].tolist() == length
    np.testing.assert_array_equal(tokens_for(rows.y, config), tokens)


def beat(early: float = 0.0) -> note_seq.NoteSequence:
    """Two bars of drums at 120; the open hi-hat on the last 16th is that much of a step early."""
    sequence = note_seq.NoteSequence(ticks_per_quarter=220)
    sequence.tempos.add(qpm=120)
    hits = [(step, 42, 60) for step in range(0, 32, 2)] + [(0, 36, 100), (8, 38, 110), (16, 36, 90), (24, 38, 127)]
    for step, pitch, velocity in [*hits, (31, 46, 77)]:
        start = (step - (early if pitch == 46 else 0.0)) * 0.125
        sequence.notes.add(pitch=pitch, velocity=velocity, start_time=start, end_time=start + 0.1, is_drum=True)
    sequence.total_time = 4.0
    return sequence


def test_prepared_drums_are_what_the_converter_hears(tmp_path: Path) -> None:
    velocity = np.zeros((32, 9), np.uint8)
    velocity[::2, 2] = 60
    velocity[[0, 8, 16, 24], [0, 1, 0, 1]] = 100, 110, 90, 127
    velocity[31, 3] = 77
    microtiming = np.zeros((32, 9), np.int8)
    microtiming[31, 3] = -64  # a quarter of a step early
    mask = ((velocity > 0) << np.arange(9)).sum(1).astype(np.uint16)
    np.savez(tmp_path / "drums.npz", mask=mask, velocity=velocity, microtiming=microtiming, offsets=[0, 32], split=[0])
    for source, name in ((DRUMS, "drums-2bar"), (GROOVES, "groove-2bar-humanize")):
        config = CONFIGS[name]
        (example,) = converter_for(config.family, **config.converter).to_examples(beat(0.25))
        tokens, weights = load_clips(tmp_path, [source], "train")
        assert weights.tolist() == [1.0]
        np.testing.assert_allclose(tokens[0], example.tokens, atol=1e-6)
        assert tokens.dtype == example.tokens.dtype


def test_swung_notes_come_before_the_sixteenth(shared: Path) -> None:
    """A triplet's third note (2.67) is written at step 3 and early: what says which way microtiming counts."""
    tokens, _ = load_clips(shared / "data", [GROOVES], "train")
    with np.load(shared / "data" / "drums.npz") as file:
        swung = np.char.startswith(file["style"], "jazz") & (file["bpm"] < 190)
        parts = zip(file["offsets"][:-1][swung], file["offsets"][1:][swung], strict=True)
        last = [file["microtiming"][a:b][3::4, 8][file["velocity"][a:b][3::4, 8] > 0] for a, b in parts]
    early, late = (np.concatenate(last) < -50).sum(), (np.concatenate(last) > 50).sum()
    assert early > 3 * late
    assert tokens[..., 18:].min() >= -1
    ride = tokens[:, 3::4, 8] > 0
    assert tokens[:, 3::4, 26][ride].mean() > 0, "so offsets, of which positive is early, are turned round"


def test_trios_keep_what_the_converter_keeps() -> None:
    melody, bass, drums = np.full((3, 64), -2)
    melody[[2, 16, 34]], melody[0] = 60, -1
    bass[[0, 16, 32]] = 36
    drums[:] = 5
    cut = trio_windows(melody, bass, drums, 64)
    assert cut.shape == (1, 64, 3)
    assert cut[0, :3].tolist() == [[1, 17, 5], [0, 0, 5], [41, 0, 5]]
    melody[16] = -2
    assert not len(trio_windows(melody, bass, drums, 64)), "the melody rests in half of the bars"
    melody[16] = 120
    assert not len(trio_windows(melody, bass, drums, 64)), "a pitch outside the range"


def test_kinds_do_not_mix_and_nothing_is_said(tmp_path: Path) -> None:
    write_drums(tmp_path)
    with pytest.raises(ReadError, match="do not mix"):
        load_clips(tmp_path, [DRUMS, GROOVES], "train")
    with pytest.raises(ReadError, match="256 steps"):
        load_clips(tmp_path, [DRUMS], "train", 256)
    with pytest.raises(ReadError, match="has no melody, bass, drums"):
        load_clips(tmp_path, [replace(DRUMS, voice="trio")], "train")


def test_crossed_clips_are_made_of_two(tmp_path: Path) -> None:
    write_drums(tmp_path)
    tokens, weights = load_clips(tmp_path, [DRUMS], "train")
    recipe = Recipe(CONFIGS["drums-2bar"], (DRUMS,), 1, cross=0.5)
    drawn = feed_for(tokens, weights, recipe, "cpu").draw(400, torch.Generator().manual_seed(0)).numpy()
    known = {clip.tobytes() for clip in tokens}
    new = np.array([clip.astype(np.uint8).tobytes() not in known for clip in drawn])
    assert 0.35 < new.mean() < 0.5, "half of the clips are crossed; some get nothing"
    for group in map(list, GROUPS):
        parts = {clip[:, group].tobytes() for clip in tokens}
        assert all(clip[:, group].astype(np.uint8).tobytes() in parts for clip in drawn)
    plain = feed_for(tokens, weights, replace(recipe, cross=0.0), "cpu")
    assert isinstance(plain, DrumFeed)
    drawn = plain.draw(50, torch.Generator().manual_seed(0)).numpy()
    assert all(clip.astype(np.uint8).tobytes() in known for clip in drawn)


def test_trios_are_transposed_together() -> None:
    config = CONFIGS["trio-16bar"]
    tokens = np.zeros((2, 256, 3), np.int16)
    tokens[0, ::4] = [42, 20, 3]
    tokens[1, ::4] = [42, 3, 3]  # two semitones above the lowest
    feed = feed_for(tokens, np.ones(2), Recipe(config, (), 1, transpose=5), "cpu")
    assert isinstance(feed, TrioFeed)
    drawn = feed.draw(300, torch.Generator().manual_seed(0))
    first = drawn[:, 0]
    assert (drawn[:, 1::4] == 0).all()
    assert (first[:, 2] == 3).all()
    high = first[first[:, 1] > 10]
    assert {int(by) for by in high[:, 0] - 42} == set(range(-5, 6))
    assert (high[:, 0] - high[:, 1] == 22).all()
    low = first[first[:, 1] <= 10]
    assert low[:, 1].min() == 2, "those that would leave the vocabulary stay"
    assert (low[:, 0] - low[:, 1] == 39).all()


@pytest.mark.parametrize("name", ["melody-2bar", "drums-2bar"])
def test_plain_clips_are_those_of_the_collection(name: str) -> None:
    config = CONFIGS[name]
    tokens = made_up(config)
    recipe = Recipe(config, (), 1, transpose=5, cross=1.0)
    feed = feed_for(tokens, np.ones(len(tokens)), recipe, "cpu")
    known = {clip.tobytes() for clip in tokens}
    generator = torch.Generator().manual_seed(0)
    assert all(clip.tobytes() in known for clip in feed.plain(60, generator).numpy().astype(tokens.dtype))
    assert not all(clip.tobytes() in known for clip in feed.draw(60, generator).numpy().astype(tokens.dtype))


def test_tracks_are_transposed_together_but_drums_are_not(tmp_path: Path) -> None:
    write_multitracks(tmp_path)
    config = CONFIGS["multitrack-1bar"]
    tokens, weights = load_clips(tmp_path, [Source("multitrack.npz", "multitrack", "band")], "train", config.steps)
    converter = converter_for(config.family, **config.converter)
    feed = feed_for(tokens[:1], weights[:1], Recipe(config, (), 1, transpose=3), "cpu")
    drawn = feed.draw(200, torch.Generator().manual_seed(0)).numpy()
    written, found = converter.to_sequence(tokens[0]).notes, set()
    for clip in drawn:
        notes = converter.to_sequence(clip).notes
        by = {new.pitch - old.pitch for new, old in zip(notes, written, strict=True) if not old.is_drum}
        assert len(by) == 1
        found |= by
        for new, old in zip(notes, written, strict=True):
            assert (new.start_time, new.end_time, new.program) == (old.start_time, old.end_time, old.program)
            assert new.pitch == old.pitch or not old.is_drum
    assert found == set(range(-3, 4))
    high = np.where((tokens[:1] >= 128 + 60) & (tokens[:1] < 256), 255, tokens[:1])
    high = np.where((high >= 60) & (high < 128), 127, high)
    drawn = feed_for(high, weights[:1], feed.recipe, "cpu").draw(200, torch.Generator().manual_seed(0))
    by = drawn - torch.from_numpy(high.astype(np.int64))
    assert by.min() == -3
    assert by.max() == 0, "what would leave the pitches stays"


@pytest.mark.parametrize("name", ["melody-2bar", "drums-2bar", "trio-16bar", "groove-2bar-tap", "multitrack-1bar"])
def test_tokens_outside_the_vocabulary_are_refused(name: str) -> None:
    config = CONFIGS[name]
    tokens = made_up(config)
    recipe = Recipe(config, (), 1)
    assert len(feed_for(tokens, np.ones(5), recipe, "cpu").pick) == 5
    wrong = [500, -2] if config.family == "multitrack" else [550, -1]
    for value in [np.nan, 2.0] if config.family == "groove" else wrong:
        broken = tokens.astype(np.float32 if config.family == "groove" else np.int16)
        broken.reshape(5, -1)[3, 7] = value
        with pytest.raises(ReadError, match=r"1 of 5 clips hold tokens that .* the first is clip 3"):
            feed_for(broken, np.ones(5), recipe, "cpu")
    with pytest.raises(ReadError, match="of shape"):
        feed_for(tokens[:, :-1], np.ones(5), recipe, "cpu")


@pytest.mark.parametrize("name", ["cat-mel_2bar_med_chords", "nade-drums_2bar_full"])
def test_what_prepared_files_do_not_have_is_said(name: str) -> None:
    with pytest.raises(ConfigError, match="takes chords, other pitches or other drums"):
        feed_for(np.zeros((1, 32), np.uint8), np.ones(1), Recipe(CONFIGS[name], (), 1), "cpu")


def test_grooves_are_louder_or_softer_as_a_whole() -> None:
    config = CONFIGS["groove-2bar-humanize"]
    tokens = made_up(config, 1)
    feed = feed_for(tokens, np.ones(1), Recipe(config, (), 1, loudness=0.2), "cpu")
    drawn = feed.draw(200, torch.Generator().manual_seed(0)).numpy()
    np.testing.assert_array_equal(drawn[..., :9], np.broadcast_to(tokens[..., :9], drawn[..., :9].shape))
    np.testing.assert_array_equal(drawn[..., 18:], np.broadcast_to(tokens[..., 18:], drawn[..., 18:].shape))
    soft = (tokens[0, :, 9:18] > 0) & (tokens[0, :, 9:18] < 0.8)
    by = drawn[:, :, 9:18][:, soft] / tokens[0, :, 9:18][soft]
    assert (by.std(1) < 1e-5).all()
    assert 0.8 <= by.min() < 0.83
    assert 1.17 < by.max() <= 1.2001
    assert drawn[..., 9:18].max() == 1.0


def test_missed_notes_are_the_soft_ones_and_taps_are_whole() -> None:
    plain = CONFIGS["groovae_4bar"]
    config = replace(plain, converter=plain.converter | {"max_note_dropout": 0.8})
    groove = np.zeros((4000, 64, 27), np.float32)
    groove[..., 0], groove[..., 9] = 1, 0.1
    groove[..., 1], groove[..., 10], groove[..., 19] = 1, 1.0, 0.5
    tokens = torch.from_numpy(groove)
    rows = GrooveFeed.rows(tokens, config, torch.Generator().manual_seed(0))
    assert torch.equal(rows.y, tokens)
    missed = 1 - rows.x[..., :2].mean((0, 1))
    # Shares are uniform up to 0.8, times 0.9 for the soft one and the least, 0.2, for the loudest.
    assert missed.tolist() == pytest.approx([0.4 * 0.9, 0.4 * 0.2], abs=0.02)
    gone = rows.x[..., 0] == 0
    assert (rows.x[..., 9][gone] == 0).all()
    assert torch.equal(GrooveFeed.rows(tokens, config).x, tokens), "without chance everything is heard"
    tap = replace(plain, converter=plain.converter | {"tapify": True, "max_note_dropout": 0.8})
    tapped = GrooveFeed.rows(tokens, tap, torch.Generator().manual_seed(0)).x
    assert tapped[..., 12].unique().tolist() == pytest.approx([0.1, 1.0])
    assert (tapped[..., 3] == 1).all(), "a tap even where the loudest was missed"
    assert not tapped[..., :3].any()
