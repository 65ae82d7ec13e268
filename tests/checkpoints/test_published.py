"""What is published, under which names, and every way in which a model is named."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.checkpoints import bundles, cache, catalog
from mvae_widgets.checkpoints.catalog import BUILT_IN, builtin_models, find, find_published, read_bundle
from mvae_widgets.checkpoints.published import aliases, published
from mvae_widgets.errors import CheckpointError, ConfigError, MusicVAEError, UnknownModelError
from mvae_widgets.nn.config import CONFIGS, OWN

TARS = [
    "cat-mel_2bar_big",
    "hierdec-mel_16bar",
    "hierdec-trio_16bar",
    "cat-drums_2bar_small.lokl",
    "cat-drums_2bar_small.hikl",
    "nade-drums_2bar_full",
    "groovae_4bar",
    "groovae_2bar_humanize",
    "groovae_2bar_tap_fixed_velocity",
    "groovae_2bar_add_closed_hh",
    "groovae_2bar_hits_control",
]
OLDER = [
    "mel_2bar_big",
    "mel_16bar_hierdec",
    "trio_16bar_hierdec",
    "drums_2bar_small.lokl",
    "drums_2bar_small.hikl",
    "drums_2bar_nade.full",
]
MAGENTA_JS = {
    "drums_2bar_lokl_small": 18.5,
    "drums_2bar_hikl_small": 18.5,
    "drums_2bar_nade_9_q2": 27.6,
    "drums_4bar_med_q2": 68.2,
    "drums_4bar_med_lokl_q2": 68.2,
    "mel_2bar_small": 17.7,
    "mel_4bar_med_q2": 65.4,
    "mel_4bar_med_lokl_q2": 65.4,
    "mel_4bar_small_q2": 26.5,
    "mel_chords": 17.6,
    "mel_16bar_small_q2": 23.5,
    "trio_4bar": 17.6,
    "trio_16bar": 1710,
    "multitrack": 26.4,
    "multitrack_med": 95.9,
    "multitrack_med_fb256": 95.9,
    "multitrack_chords": 26.9,
    "multitrack_med_chords": 96.9,
    "multitrack_med_chords_fb256": 96.9,
    "groovae_2bar_humanize": 15.8,
    "groovae_4bar": 15.8,
}
GOOGLE = "https://storage.googleapis.com/"
GROOVE = "groovae_2bar_humanize"
NAME = "melody-2bar"


@pytest.mark.parametrize(
    ("meant", "written"),
    [
        ("magenta/cat-mel_2bar_big", "cat-mel_2bar_big"),
        ("magenta/cat-mel_2bar_big", "magenta/cat_mel_2bar_big"),
        ("magenta/mel_2bar_small", "mel_2bar_smal"),
        ("magenta/trio_4bar", "magenta/trio-4bar"),
        ("magenta/groovae_2bar_humanize", "magenta/groovae_2bar_humanise"),
    ],
)
def test_unknown_published_names(meant: str, written: str) -> None:
    with pytest.raises(UnknownModelError, match=f"Did you mean '{meant}'"):
        mv.load(written)


@pytest.mark.parametrize(
    "name", ["nothing.tar", "./no/such/folder", "https://example.org/x.tar", "x.ckpt.index", "", "a\0b", "n" * 5000]
)
def test_paths_that_are_not_there(name: str) -> None:
    with pytest.raises(UnknownModelError, match="There is no"):
        find(name)


def test_every_published_checkpoint_has_its_address() -> None:
    tf = f"{GOOGLE}magentadata/models/music_vae/checkpoints/"
    expected = {f"{tf}{name}.tar" for name in TARS}
    old = "http://download.magenta.tensorflow.org/models/music_vae/"
    expected |= {f"{old}checkpoints_bundled/{name}.ckpt.tar" for name in OLDER}
    bucket = f"{GOOGLE}download.magenta.tensorflow.org/models/music_vae/"
    expected |= {f"{bucket}colab2/checkpoints/trio_16bar_flat.ckpt"}
    expected |= {f"{bucket}multitrack/{name}.ckpt" for name in ("model_fb256", "model_chords_fb64")}
    js = f"{GOOGLE}magentadata/js/checkpoints/"
    expected |= {f"{js}music_vae/{name}" for name in MAGENTA_JS}
    expected |= {f"{js}groovae/tap2drum_{n}bar" for n in (1, 2, 3, 4)}
    assert {entry.url for entry in published().values()} == expected
    assert len(published()) == len(expected)


def test_published_names() -> None:
    for name in (*TARS, *OLDER, *MAGENTA_JS):
        assert f"magenta/{name}" in published()
    for name, size in MAGENTA_JS.items():
        entry = find_published(f"magenta/js/{name}")
        assert entry is not None
        assert (entry.size_mb, entry.at_least, entry.files) == (size, False, "magenta.js")
    for name in TARS:
        entry = find_published(f"magenta/tf/{name}")
        assert entry is not None
        assert entry is find_published(f"magenta/{name}")
        assert entry.files == "tar"
    assert not set(aliases()) & set(published())
    assert len({entry.key for entry in published().values()}) == len(published())


def test_what_is_said_of_published_checkpoints() -> None:
    for entry in published().values():
        assert entry.about
        assert "Apache-2.0" in entry.licence
        assert entry.page.startswith("https://")
        if entry.config:
            config = CONFIGS[entry.config]
            assert (entry.family, entry.bars) == (config.family, config.bars)
        elif (digits := entry.name.partition("bar")[0].rpartition("_")[2]).isdigit():
            assert entry.bars == int(digits)
    assert all("Groove MIDI" in entry.licence for entry in published().values() if entry.family == "groove")


@pytest.mark.parametrize("name", [entry.name for entry in published().values() if entry.at_least])
def test_sizes_that_are_not_published_are_those_of_the_weights(name: str) -> None:
    from mvae_widgets.nn.vae import VAE

    entry = published()[name]
    assert entry.config
    with torch.device("meta"):
        network = VAE(CONFIGS[entry.config])
    numbers = sum(p.numel() for n, p in network.named_parameters() if ".bias_hh_" not in n)
    assert entry.size_mb == pytest.approx(numbers * 4 / 1e6, abs=0.06)


def test_the_table() -> None:
    table = mv.models()
    assert table[0].name == NAME
    assert table[NAME].place == "built in"
    assert len(table) == len(builtin_models()) + len(published())
    lines = repr(table).splitlines()
    assert len(lines) == len(table) + 1
    assert len({line.index(row.about) for line, row in zip(lines[1:], table, strict=True)}) == 1
    assert table._repr_html_().count("<tr>") == len(table) + 1
    assert "magenta/trio_16bar" in table
    assert table["trio_4bar_lokl_small_q1"].name == "magenta/trio_4bar"
    assert {row.family for row in table.only(family="trio")} == {"trio"}
    assert table["magenta/cat-mel_2bar_big"].size == "over 538 MB"
    own = [row.name for row in table if row.place == "built in"]
    assert own == [name for name in OWN if name in own]
    assert [row.name for row in table[: len(own) + 1]] == [*own, "magenta/cat-mel_2bar_big"]
    with pytest.raises(UnknownModelError, match="magenta/mel_2bar_small"):
        table["mel_2bar_smal"]


def test_listing_asks_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("it asked"))
    assert len(mv.models()) > 40


@pytest.mark.parametrize(
    "kind", ["prefix", "index", "data-00000-of-00001", "folder", "tar", "tar.gz", "magenta.js", "safetensors"]
)
def test_local_paths_of_every_kind(fixtures: Path, tmp_path: Path, kind: str) -> None:
    source = fixtures / "families" / GROOVE
    bundle = sorted(source.glob("model.ckpt.*"))
    expected = read_bundle(source / "model.ckpt", GROOVE)
    path = tmp_path / "mine"
    match kind:
        case "prefix":
            path = source / "model.ckpt"
        case "index" | "data-00000-of-00001":
            path = source / f"model.ckpt.{kind}"
        case "folder":
            path.mkdir()
            for file in bundle:
                shutil.copy(file, path)
        case "tar" | "tar.gz":
            path = tmp_path / f"{GROOVE}.ckpt.{kind}"
            with tarfile.open(path, "w:gz" if kind == "tar.gz" else "w") as tar:
                for file in bundle:
                    tar.add(file, file.name)
        case "magenta.js":
            path = source
        case "safetensors":
            path = tmp_path / f"{GROOVE}.safetensors"
            catalog.write_weights(path, expected.config, expected.state)
    found = read_bundle(find(str(path)), GROOVE)
    assert found.config.name == GROOVE
    assert found.state.keys() == expected.state.keys()
    assert all(torch.equal(found.state[name], expected.state[name]) for name in expected.state)
    if kind in ("tar", "tar.gz", "safetensors", "magenta.js"):
        assert found.name == GROOVE


@pytest.fixture
def mirrored(fixtures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror folder with a small groove model in both forms."""
    mirror = tmp_path / "mirror"
    source = fixtures / "families" / GROOVE
    shutil.copytree(source, mirror / GROOVE, ignore=shutil.ignore_patterns("model.*", "reference.*"))
    with tarfile.open(mirror / f"{GROOVE}.tar", "w") as tar:
        for file in sorted(source.glob("model.ckpt.*")):
            tar.add(file, file.name)
    monkeypatch.setenv(cache.MIRROR, str(mirror))
    return mirror


def test_published_models_load_by_name(mirrored: Path) -> None:
    one, other = mv.load(f"magenta/{GROOVE}"), mv.load(f"magenta/js/{GROOVE}")
    assert (one.name, other.name) == (f"magenta/{GROOVE}", f"magenta/js/{GROOVE}")
    assert one.card["source"].endswith(f"{GROOVE}.tar")
    assert one.config.name == GROOVE
    z = torch.randn(2, one.config.z_size, generator=torch.Generator().manual_seed(1))
    assert torch.equal(one.network.decode(z), other.network.decode(z))
    assert {row.name for row in mv.models().only(place="fetched")} == {one.name, other.name}
    shutil.rmtree(mirrored)
    mirrored.mkdir()
    assert mv.load(f"magenta/tf/{GROOVE}").name == one.name


def test_a_first_fetch_of_damaged_weights_can_be_renewed(mirrored: Path) -> None:
    path = mirrored / f"{GROOVE}.tar"
    whole = path.read_bytes()
    path.write_bytes(whole[:10_000] + bytes([whole[10_000] ^ 1]) + whole[10_001:])
    with pytest.raises(CheckpointError, match=f"fetch magenta/{GROOVE} --renew"):
        mv.load(f"magenta/{GROOVE}")
    path.write_bytes(whole)
    cache.fetch(published()[f"magenta/{GROOVE}"], renew=True, progress=False)
    assert mv.load(f"magenta/{GROOVE}").config.name == GROOVE


def test_the_configuration_of_our_own_files() -> None:
    assert mv.load(BUILT_IN / NAME, config=NAME).name == NAME
    with pytest.raises(CheckpointError, match="is a melody-2bar, not a cat-mel_2bar_big"):
        mv.load(NAME, config="cat-mel_2bar_big")
    with pytest.raises(ConfigError, match="'cat-mel_2bar_big'"):
        mv.load(NAME, config="cat-mel_2bar_bog")


def test_written_weights_are_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.safetensors"
    path.write_text("older")
    bundle = read_bundle(BUILT_IN / NAME)

    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr("safetensors.torch.save_file", fail)
    with pytest.raises(MusicVAEError, match="no room"):
        catalog.write_weights(path, bundle.config, bundle.state)
    assert path.read_text() == "older"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_was_cut_off_is_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = read_bundle(BUILT_IN / NAME)
    assert bundle.plane is not None
    whole = bundle.config, bundle.state, bundle.card, bundle.plane
    catalog.write_bundle(tmp_path, *whole)
    assert mv.load(tmp_path).plane is not None
    write_text = bundles.write_text

    def full(path: Path, text: str) -> None:
        if path.name == "plane.json":
            raise MusicVAEError("no room")
        write_text(path, text)

    monkeypatch.setattr(bundles, "write_text", full)
    with pytest.raises(MusicVAEError, match="no room"):
        catalog.write_bundle(tmp_path, *whole)
    # Not the old weights beside the new card.
    with pytest.raises(CheckpointError, match="must hold one checkpoint"):
        mv.load(tmp_path)
