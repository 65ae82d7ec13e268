"""Models measured on a small made-up collection: whole reports, the command, and the card that says the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mvae_widgets.checkpoints.bundles import write_bundle
from mvae_widgets.cli import main
from mvae_widgets.errors import ConfigError, ReadError
from mvae_widgets.music.dataspace import ended
from mvae_widgets.music.families import converter_for
from mvae_widgets.nn.config import CONFIGS, ModelConfig
from mvae_widgets.nn.vae import VAE
from mvae_widgets.training import recipes
from mvae_widgets.training.card import measured_again
from mvae_widgets.training.dataset import Source, load_clips, load_tunes
from mvae_widgets.training.evaluate import Scope, evaluate
from mvae_widgets.training.evaluate_tables import report_markdown
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.measure import found_in
from mvae_widgets.training.measure_data import material_for
from mvae_widgets.training.measure_path import evaluate_paths
from mvae_widgets.training.measure_prior import evaluate_prior
from mvae_widgets.training.page import card_markdown
from mvae_widgets.training.passes import decode_all, decode_points, without_noise
from mvae_widgets.training.recipes import Recipe
from tests.training.made_up import write_drums, write_multitracks, write_trios

SMALL = (8, (12,), (16, 16))
FEW = Scope(samples=12, pairs=3, progress=False)
SOURCES = {
    "melody-2bar": Source("melodies.npz", "steps", "scales"),
    "drums-2bar": Source("drums.npz", "drums", "gmd"),
    "groove-2bar-humanize": Source("drums.npz", "groove", "gmd"),
    "trio-16bar": Source("trio.npz", "trio", "band"),
    "multitrack-1bar": Source("multitrack.npz", "multitrack", "band"),
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The made-up files, and melodies of two collections: scales, and leaps that nothing learns from."""
    folder = tmp_path / "data"
    folder.mkdir()
    write_drums(folder)
    write_trios(folder)
    write_multitracks(folder)
    rng = np.random.default_rng(0)
    codes = np.full((40, 64), -2, np.int8)
    for k, row in enumerate(codes):
        row[::2] = 55 + rng.choice([0, 12, 3] if k % 2 else [0, 2, 4, 5, 7], 32)
        row[rng.choice(32, 6, replace=False) * 2] = -2
    np.savez(
        folder / "melodies.npz",
        steps=codes.ravel(),
        offsets=np.arange(0, 41 * 64, 64),
        split=np.repeat([0, 1, 2], [28, 4, 8]).astype(np.uint8),
        source=(np.arange(40) % 2).astype(np.uint8),
        source_names=np.array(["scales", "leaps"]),
        cluster=np.arange(40) // 4,
    )
    return folder


def config_of(name: str) -> ModelConfig:
    config = CONFIGS[name].with_sizes(*SMALL)
    if config.bars == 16:
        config = replace(
            config, bars=2, steps=32, encoder_levels=(16, 2), decoder_levels=(2, 16), converter={"slice_bars": 2}
        )
    return config


def model_of(name: str, seed: int = 0) -> VAE:
    torch.manual_seed(seed)
    return VAE(config_of(name)).eval()


def saved(name: str, folder: Path, seed: int = 0, learnt: bool = True) -> str:
    """The folder of a model of that name, with a card that says what it has learnt from."""
    model, recipe = model_of(name, seed), Recipe(config_of(name), (SOURCES[name],), 8).to_dict()
    card = {"name": name, "recipe": recipe} if learnt else {}
    write_bundle(folder, model.config, model.state_dict(), card, {})
    return str(folder)


@pytest.mark.parametrize("name", SOURCES)
def test_every_family_is_measured_whole(name: str, data: Path) -> None:
    report = evaluate(model_of(name), data, [SOURCES[name]], FEW).to_dict()
    assert json.loads(json.dumps(report)) == report
    expected = {"melody-2bar": ["melodies", "held-out collections"], "trio-16bar": ["melody", "bass", "drums"]}
    family = report["family"]
    groups = expected.get(name, ["grooves" if family == "groove" else family])
    assert list(report["measured"]) == groups
    for group in report["measured"].values():
        assert 0 < group["clips"] <= group["of"]
        assert set(group["interval"]) <= set(group)
        for key, interval in group["interval"].items():
            assert interval[0] <= interval[1]
            assert interval[0] - 1e-9 <= group[key] <= interval[1] + 1e-9 or group["tunes"] < 20
    assert report["prior"]["samples_drawn"] == 12
    assert set(report["prior"]["samples"]) == set(report["prior"]["data"]) == set(report["prior"]["fitted"])
    assert ("in_scale" in report["prior"]["data"]) == (family in ("melody", "trio")), "drums have no scale"
    assert ("cost" in report["prior"]) == (family == "melody")
    assert set(report["paths"]) == {"pairs", "places", "latent", "data"}
    assert report == evaluate(model_of(name), data, [SOURCES[name]], FEW).to_dict(), "the same seed, the same numbers"


def test_a_melody_that_always_holds_scores_what_holding_scores(data: Path) -> None:
    model = model_of("melody-2bar")
    with torch.no_grad():
        model.decoder.output.bias[0] = 1000.0
    source = SOURCES["melody-2bar"]
    measured = evaluate(model, data, [source], FEW).to_dict()["measured"]["melodies"]
    tokens, _ = load_clips(data, [source], "test")
    assert measured["always_hold"] == pytest.approx((tokens == 0).mean())
    for way in ("teacher_forced", "teacher_forced_sampled_z", "temperature_1", "argmax"):
        assert measured[way] == pytest.approx(measured["always_hold"])
    assert measured["exact"] == measured["onset_f1"] == 0.0


def test_drums_that_are_always_silent(data: Path) -> None:
    model = model_of("drums-2bar")
    with torch.no_grad():
        model.decoder.output.weight.zero_()
        model.decoder.output.bias.fill_(-1000.0)
        model.decoder.output.bias[: model.config.hidden] = 0
    source = SOURCES["drums-2bar"]
    measured = evaluate(model, data, [source], FEW).to_dict()["measured"]["drums"]
    tokens, weights = load_clips(data, [source], "test")
    assert measured["always_empty"] == pytest.approx((tokens.sum(2) == 0).mean())
    assert measured["argmax"] == measured["temperature_1"] == pytest.approx(measured["always_empty"])
    assert measured["usual_beat"] > measured["always_empty"], "of beats that are mostly alike"
    prior = evaluate_prior(model, tokens, weights, 20)
    assert (prior["at_least_3_onsets"], prior["in_training_set"], prior["samples"]["note_density"]) == (0, 0, 0)
    assert prior["data"]["note_density"] == pytest.approx(tokens.sum(2).mean())
    beats = (tokens[:, ::4].sum((1, 2)) / tokens.sum((1, 2))).mean()
    assert prior["data"]["on_beat"] == pytest.approx(beats)


def test_a_trio_is_measured_part_by_part(data: Path) -> None:
    model, source = model_of("trio-16bar"), SOURCES["trio-16bar"]
    measured = evaluate(model, data, [source], FEW).to_dict()["measured"]
    tokens, _ = load_clips(data, [source], "test")
    decoded = decode_all(model, tokens, progress=False).way("argmax")
    for k, part in enumerate(measured):
        assert measured[part]["argmax"] == pytest.approx((decoded[..., k] == tokens[..., k]).mean())
    assert measured["bass"]["always_hold"] == pytest.approx(0.75)


def test_clips_are_drawn_and_counted_as_said(data: Path) -> None:
    source = SOURCES["melody-2bar"]
    whole = load_tunes(data, [source], "test")
    assert len(set(whole.tunes.tolist())) == 2, "eight passages in two clusters"
    report = evaluate(model_of("melody-2bar"), data, [source], replace(FEW, clips=3)).to_dict()
    group = report["measured"]["melodies"]
    assert (group["clips"], group["of"]) == (3, len(whole.tokens))
    assert report["training_clips"] == len(load_clips(data, [source], "train")[0])


def test_what_a_model_has_learnt_from_decides_what_is_new(data: Path) -> None:
    config, learnt = config_of("melody-2bar"), [SOURCES["melody-2bar"]]
    material = material_for(config, data, learnt)
    assert {name: [s.name for s in some] for name, some in material.groups.items()} == {
        "melodies": ["scales"],
        "held-out collections": ["leaps"],
    }
    assert material.learnt
    other = [Source("elsewhere.npz", "steps", "reels")]
    assert not material_for(config, data, [*learnt, *other]).learnt, "a part of it is not here"
    unknown = material_for(config, data, None)
    assert (unknown.learnt, [s.name for s in unknown.groups["melodies"]]) == (False, ["scales", "leaps"])
    assert [s.voice for s in unknown.groups["bass lines"]] == ["bass"]
    report = evaluate(model_of("melody-2bar"), data, None, FEW).to_dict()
    assert report["training_clips"] is None
    assert "in_training_set" not in report["prior"]
    assert all("new" not in group for group in report["measured"].values())


def test_what_cannot_be_measured_is_refused_in_words(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no prepared melody clips"):
        material_for(config_of("melody-2bar"), tmp_path, None)
    with pytest.raises(ReadError, match="no prepared melody clips"):
        material_for(config_of("melody-2bar"), tmp_path / "nowhere", None)
    for name in ("nade-drums_2bar_full", "hier-multiperf_vel_1bar_med_chords"):
        with pytest.raises(ConfigError, match="not of the kind"):
            material_for(CONFIGS[name], data, None)
    (data / "broken.npz").write_bytes(b"PK\3\4 and no more")
    with pytest.raises(ReadError, match=r"broken\.npz"):
        material_for(config_of("melody-2bar"), data, None)


def test_a_group_without_test_clips_is_left_out(data: Path) -> None:
    with np.load(data / "melodies.npz") as file:
        arrays = dict(file)
    sources = [SOURCES["melody-2bar"], replace(SOURCES["trio-16bar"], voice="bass")]
    with np.load(data / "trio.npz") as file:
        np.savez(data / "trio.npz", **{**file, "split": np.zeros_like(file["split"])})
    report = evaluate(model_of("melody-2bar"), data, sources, FEW).to_dict()
    assert list(report["measured"]) == ["melodies", "held-out collections"]
    np.savez(data / "melodies.npz", **{**arrays, "split": np.zeros_like(arrays["split"])})
    with pytest.raises(ReadError, match="There is no test clip"):
        evaluate(model_of("melody-2bar"), data, sources, FEW)


def test_codes_that_are_not_of_the_vocabulary(data: Path) -> None:
    with np.load(data / "melodies.npz") as file:
        arrays = dict(file)
    np.savez(data / "melodies.npz", **{**arrays, "steps": np.where(arrays["steps"] > 0, -7, arrays["steps"])})
    with pytest.raises(ReadError):
        evaluate(model_of("melody-2bar"), data, [SOURCES["melody-2bar"]], FEW)


def test_samples_at_argmax(data: Path) -> None:
    few = replace(FEW, temperature=None)
    report = evaluate(model_of("drums-2bar"), data, [SOURCES["drums-2bar"]], few).to_dict()
    assert report["prior"]["temperature"] is None
    assert "12 samples at argmax." in report_markdown([report], {})


def test_of_multitracks_nothing_counts_after_a_tracks_end(data: Path) -> None:
    model = model_of("multitrack-1bar")
    tokens = decode_points(model, np.random.default_rng(0).standard_normal((40, model.config.z_size)), 1.0)
    converter = converter_for("multitrack", **model.config.converter)
    assert (tokens < 0).any(), "some track ends before its last row"
    assert np.array_equal(tokens, ended(tokens, converter))
    # So a sample that is the training clip is found there.
    assert found_in(tokens, tokens[::2], model.config)[::2].all()


def test_holes_are_seen_where_codes_do_not_fill_the_prior(data: Path) -> None:
    """The same decoder, once with codes as wide as the prior and once with codes a tenth as wide."""
    model = model_of("melody-2bar")
    tokens, weights = load_clips(data, [SOURCES["melody-2bar"]], "train")
    narrow = model_of("melody-2bar")
    state = without_noise(model.state_dict())
    narrow.load_state_dict(state | {f"posterior.mu.{n}": state[f"posterior.mu.{n}"] * 0.0 for n in ("weight", "bias")})
    wide, none = (evaluate_prior(m, tokens, weights, 50)["codes"] for m in (model, narrow))
    assert wide["deviation"] > 0.5
    assert (none["deviation"], none["sigma"]) == pytest.approx((0, 0), abs=1e-6)
    assert none["active"] == 0
    assert evaluate_paths(narrow, tokens, 4)["latent"]["jump"] == 0, "one code, one melody"


def test_the_command_prints_and_writes_one_table(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = saved("melody-2bar", tmp_path / "one"), saved("melody-2bar", tmp_path / "other", seed=1)
    options = ["--data", str(data), "--samples", "12", "--pairs", "3", "--quiet", "--out", str(tmp_path / "out")]
    assert main(["evaluate", one, other, *options]) == 0
    page = (tmp_path / "out" / "evaluation.md").read_text()
    assert page in capsys.readouterr().out
    for words in ("Side by side", "always-hold", "paper (recalled)", "KL bits", "[", "0.951", "half-way, in scale"):
        assert words in page
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    first, second = (model["measured"]["melodies"] for model in found["models"])
    report = evaluate(model_of("melody-2bar"), data, [SOURCES["melody-2bar"]], FEW).to_dict()
    # The files hold half precision, the network here does not.
    assert first["teacher_forced"] == pytest.approx(report["measured"]["melodies"]["teacher_forced"], abs=0.02)
    assert first["always_hold"] == report["measured"]["melodies"]["always_hold"]
    difference = found["differences"]["melodies"]
    assert difference["temperature_1"] == pytest.approx(first["temperature_1"] - second["temperature_1"])
    assert difference["always_hold"] == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["evaluation.json", "evaluation.md"]


def test_the_command_measures_a_run_that_goes_on(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = Recipe(config_of("drums-2bar"), (SOURCES["drums-2bar"],), 6, 16, warmup=2, precision="float32")
    trainer = Trainer(recipe, data, tmp_path / "run")
    trainer.run()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()}
    options = ["--data", str(data), "--samples", "12", "--pairs", "3", "--quiet", "--out", str(tmp_path / "out")]
    assert main(["evaluate", str(tmp_path / "run"), *options]) == 0
    assert "drums-2bar after 6 updates" in capsys.readouterr().out
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())["models"][0]
    mine = evaluate(trainer.model.eval(), data, recipe.sources, FEW).to_dict()
    assert found["measured"] == mine["measured"]
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").iterdir()} == before, "nothing is written"


def test_the_command_fails_in_one_line_and_writes_nothing(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model, out = saved("melody-2bar", tmp_path / "one"), tmp_path / "out"
    options = ["--data", str(data), "--samples", "12", "--pairs", "3", "--quiet", "--out", str(out)]
    assert main(["evaluate", model, "--data", str(tmp_path)]) == 1
    assert main(["evaluate", "melody-3bar", *options]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2
    with pytest.raises(SystemExit):
        main(["evaluate", model, *options, "--clips", "0"])

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mvae_widgets.training.evaluate.evaluate_prior", interrupt)
    assert main(["evaluate", model, *options]) == 130
    assert not out.exists()
    (tmp_path / "file").write_text("")
    monkeypatch.undo()
    assert main(["evaluate", model, *options[:-1], str(tmp_path / "file")]) == 1


def test_the_card_says_what_the_command_says(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(config_of("drums-2bar"), (SOURCES["drums-2bar"],), 6, 16, warmup=2, free_bits=3.0)
    monkeypatch.setitem(recipes.RECIPES, "drums-2bar", {"cpu": recipe})
    monkeypatch.setattr("mvae_widgets.training.attributes.CLIPS", 400)
    folder = tmp_path / "run" / "model"
    assert main(["train", "drums-2bar", "--data", str(data), "--out", str(folder.parent), "--device", "cpu"]) == 0
    page = capsys.readouterr().out
    for words in ("beta 0.2, free bits 3", "KL bits on the test split", "CC BY 4.0", "0.917", "falls short", "million"):
        assert words in page
    card = json.loads((folder / "card.json").read_text())
    assert main(["evaluate", str(folder), "--data", str(data), "--quiet", "--out", str(tmp_path / "out")]) == 0
    found = json.loads((tmp_path / "out" / "evaluation.json").read_text())["models"][0]
    assert all(found[key] == card[key] for key in ("measured", "prior", "paths", "training_clips"))
    before = (folder / "weights.safetensors").read_bytes()
    assert measured_again(folder, data)["measured"] == card["measured"]
    assert (folder / "weights.safetensors").read_bytes() == before
    assert (folder / "README.md").read_text().strip() in page


def test_the_card_of_a_plain_autoencoder_shows_its_holes(data: Path) -> None:
    source = SOURCES["melody-2bar"]
    facts = {
        "seconds": 60.0,
        "updates": 8,
        "hardware": "a CPU",
        "started_from": "From random weights.",
        "note": "alone",
    }
    cards = []
    for name, variational in (("melody-2bar", True), ("melody-2bar-ae", False)):
        config = replace(config_of("melody-2bar"), name=name)
        model = model_of("melody-2bar")
        if not variational:
            model.load_state_dict(without_noise(model.state_dict()))
        recipe = Recipe(config, (source,), 8, variational=variational, max_beta=0.2 * variational)
        report = evaluate(model, data, [source], FEW, name).to_dict()
        sources = [{"collection": "cre", "voice": "steps", "weight": 1.0, "licence": "CC BY 4.0"}]
        cards.append(report | {"recipe": recipe.to_dict(), "training": facts, "sources": sources})
    page = card_markdown(cards[1], cards[0])
    for words in ("A plain autoencoder", "## Holes", "half-way between two clips", "no KL", "Ceol Rince na hÉireann"):
        assert words in page
    assert "kl_bits" not in cards[1]["measured"]["melodies"]
    assert "## Holes" not in card_markdown(cards[0])
    assert "beta 0.2, free bits 0" in card_markdown(cards[0])


def test_the_page_of_all_models_is_made_from_their_cards(data: Path, tmp_path: Path) -> None:
    zoo = pytest.importorskip("benchmarks.zoo", reason="the benchmarks are not shipped")
    assert not zoo.stale(), "run python -m benchmarks.zoo"
    card = evaluate(model_of("drums-2bar"), data, [SOURCES["drums-2bar"]], FEW).to_dict()
    recipe = Recipe(config_of("drums-2bar"), (SOURCES["drums-2bar"],), 8, max_beta=0.125).to_dict()
    card |= {"recipe": recipe, "training": {"seconds": 600, "hardware": "a CPU"}, "licence": "Apache-2.0"}
    gmd = {"collection": "gmd", "voice": "drums", "weight": 1.0, "repo": "magenta", "licence": "CC BY 4.0"}
    card["sources"] = [gmd]
    model = model_of("drums-2bar")
    write_bundle(tmp_path / "weights" / "drums-2bar", model.config, model.state_dict(), card, {})
    page = zoo.page(tmp_path / "weights")
    measured = card["measured"]["drums"]
    for words in (
        f"{measured['temperature_1']:.3f} [",
        f"{measured['temperature_1'] - 0.917:+.3f}",
        f"{measured['usual_beat']:.3f}",
        "| 0.125 |",
        "10 min, a CPU",
        "| gmd | magenta | CC BY 4.0 | drums-2bar |",
    ):
        assert words in page
