"""The command line: what each command writes, prints and answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

import mvae_widgets as mv
from mvae_widgets.cli import main
from mvae_widgets.nn.config import CONFIGS

MANIFEST = "weights_manifest.json"
GROOVE = "groovae_2bar_humanize"


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder, a cache and a mirror of the test's own."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    monkeypatch.setenv("MVAE_WIDGETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MVAE_WIDGETS_MIRROR", str(mirror))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def groove(workplace: Path, fixtures: Path) -> Path:
    """Put a small groove model into the mirror, as Magenta packs it."""
    folder = fixtures / "families" / GROOVE
    with tarfile.open(workplace / "mirror" / f"{GROOVE}.tar", "w") as tar:
        for path in sorted(folder.glob("model.ckpt.*")):
            tar.add(path, f"{GROOVE}/{path.name}")
    return folder


@pytest.fixture
def midi(workplace: Path, reel: object, air: object) -> tuple[str, str]:
    for name, sequence in (("reel.mid", reel), ("air.mid", air)):
        mv.write(sequence, workplace / name)
    return "reel.mid", "air.mid"


def here() -> dict[str, str]:
    """The environment of a process that runs this package, wherever it is."""
    return os.environ | {"PYTHONPATH": str(Path(mv.__file__).parents[1])}


class Outcome:
    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def run(*arguments: str) -> Outcome:
        try:
            code = main([*map(str, arguments)])
        except SystemExit as end:
            code = int(end.code or 0)
        return Outcome(code, *capsys.readouterr())

    return run


def fails(outcome: Outcome, words: str) -> None:
    """One line, on stderr, exit code 1."""
    assert outcome.code == 1
    lines = outcome.err.strip().splitlines()
    assert len(lines) == 1, outcome.err
    assert lines[0].startswith("mvae-widgets: ")
    assert re.search(words, lines[0]), lines[0]


# Lists


def test_models(run) -> None:
    out = run("models").out
    for name in ("melody-2bar", "magenta/cat-mel_2bar_big", "magenta/mel_2bar_small", "magenta/js/groovae_4bar"):
        assert re.search(rf"^{re.escape(name)} ", out, re.M)
    trios = run("models", "--family", "trio").out
    assert "trio_16bar" in trios
    assert "mel_2bar" not in trios


def test_one_model(run) -> None:
    out = run("models", "magenta/mel_2bar_small").out
    for words in ("17.7 MB", "Apache-2.0", "https://storage.googleapis.com/magentadata/js", "cat-mel_2bar_small"):
        assert words in out
    fails(run("models", "magenta/mel_2bar_smal"), "Did you mean 'magenta/mel_2bar_small'")


def test_configs(run) -> None:
    lines = run("configs").out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == list(CONFIGS)
    assert len(lines) >= 24


def test_usage(run) -> None:
    assert run().code == 2
    assert run("dance").code == 2
    assert run("sample", "melody-2bar", "-n", "many").code == 2
    assert run("sample", "melody-2bar", "-t", "hot").code == 2
    assert run("--help").code == 0
    assert run("--version").out.strip() == mv.__version__


# Files


def test_from_the_mirror_to_safetensors_and_checked(run, groove: Path, workplace: Path) -> None:
    name = f"magenta/{GROOVE}"
    assert "to fetch" in run("models", name).out
    fetched = run("fetch", name, "--quiet")
    assert fetched.code == 0
    assert str(workplace / "cache") in fetched.out
    assert "fetched" in run("models", name).out
    (workplace / "mirror" / f"{GROOVE}.tar").unlink()
    converted = run("convert", name, "mine.safetensors")
    assert converted.code == 0
    assert GROOVE in converted.out
    for path in (name, "mine.safetensors", str(groove), str(groove / "model.ckpt"), str(groove / "model.ckpt.index")):
        checked = run("verify", path, "--reference", groove / "reference.json")
        assert checked.code == 0, checked.err
        assert {"hits", "velocities", "offsets", "logits", "mu", "sigma"} <= set(checked.out.split())
    card = mv.load("mine.safetensors").card
    assert card["name"] == name
    assert "Groove MIDI" in card["licence"]


def test_half_precision_is_smaller_and_deviates(run, groove: Path, workplace: Path) -> None:
    for half in ("", "--half"):
        assert run("convert", str(groove), f"x{half}.safetensors", *filter(None, [half])).code == 0
    assert (workplace / "x--half.safetensors").stat().st_size < 0.7 * (workplace / "x.safetensors").stat().st_size
    checked = run("verify", "x--half.safetensors", "--reference", groove / "reference.json")
    assert checked.code == 3
    assert "TOO FAR" in checked.out


def test_fetch_refuses(run) -> None:
    fails(run("fetch", "melody-2bar"), "ships with the package")
    fails(run("fetch", "magenta/cat-mel_2bar_bgi"), "Did you mean 'magenta/cat-mel_2bar_big'")
    fails(run("fetch", "magenta/cat-mel_2bar_big", "--quiet"), r"no cat-mel_2bar_big\.tar at .*mirror")


def test_convert_refuses(run, groove: Path, workplace: Path) -> None:
    fails(run("convert", str(groove), "x.pt"), "does not end in .safetensors")
    fails(run("convert", "nowhere", "x.safetensors"), "no model 'nowhere'")
    fails(run("convert", str(groove), "x.safetensors", "--config", "groovae_2bar_humanise"), "'groovae_2bar_humanize'")
    fails(run("convert", str(groove / "model.ckpt"), "x.safetensors", "--config", "cat-mel_2bar_small"), "")
    assert not list(workplace.glob("*.safetensors"))
    (workplace / "x.safetensors").write_text("precious")
    fails(run("convert", str(groove), "x.safetensors"), "exists.*--force")
    assert (workplace / "x.safetensors").read_text() == "precious"
    assert run("convert", str(groove), "x.safetensors", "--force").code == 0
    (workplace / "file").write_text("")
    fails(run("convert", str(groove), "file/x.safetensors"), "Could not write")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("flip", "model.ckpt.data"),
        ("half", "model.ckpt.data"),
        ("no index", "no checkpoint|no model"),
        ("manifest", "outside"),
        ("half a shard", "group1-shard1of1"),
        ("another model", "weights_manifest|MusicVAE"),
    ],
)
def test_damaged_checkpoints_are_one_line(run, groove: Path, workplace: Path, harm: str, words: str) -> None:
    folder = workplace / "mine"
    folder.mkdir()
    for path in groove.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    data, shard, manifest = (folder / n for n in ("model.ckpt.data-00000-of-00001", "group1-shard1of1", MANIFEST))
    target = folder / "model.ckpt"
    match harm:
        case "flip":
            content = data.read_bytes()
            data.write_bytes(content[:1000] + bytes([content[1000] ^ 4]) + content[1001:])
        case "half":
            data.write_bytes(data.read_bytes()[: data.stat().st_size // 2])
        case "no index":
            (folder / "model.ckpt.index").unlink()
        case "manifest":
            target = folder
            manifest.write_text(manifest.read_text().replace("group1-shard1of1", "../group1-shard1of1"))
        case "half a shard":
            target = folder
            shard.write_bytes(shard.read_bytes()[: shard.stat().st_size // 2])
        case "another model":
            target = folder
            manifest.write_text(manifest.read_text().replace("encoder/", "rnn/"))
    outcome = run("convert", str(target), "x.safetensors", "--config", GROOVE)
    fails(outcome, words)
    assert not list(workplace.glob("*.safetensors"))


def test_verify_refuses(run, groove: Path, workplace: Path) -> None:
    fails(run("verify", str(groove), "--reference", "nothing.json"), "Cannot read the reference")
    fails(run("verify", "melody-2bar", "--reference", groove / "reference.json"), "shape")
    assert run("verify", str(groove)).code == 2


# Music


def test_sample(run, workplace: Path) -> None:
    outcome = run("sample", "melody-2bar", "--num_outputs", "3", "--seed", "4", "--qpm", "90", "-o", "out")
    files = sorted((workplace / "out").iterdir())
    assert [str(path.relative_to(workplace)) for path in files] == outcome.out.split()
    pattern = r"melody-2bar_sample_\d{4}-\d\d-\d\d_\d{6}-00[123]-of-003\.mid"
    assert all(re.fullmatch(pattern, path.name) for path in files)
    expected = mv.load("melody-2bar").sample(3, temperature=0.5, seed=4)
    for path, sequence in zip(files, expected, strict=True):
        found = mv.read(path)
        assert found.tempos[0].qpm == pytest.approx(90, abs=0.01)
        assert [n.pitch for n in found.notes] == [n.pitch for n in sequence.notes]
        starts = [n.start_time * 90 / 120 for n in found.notes]
        assert starts == pytest.approx([n.start_time for n in sequence.notes], abs=2e-3)


def test_nothing_is_overwritten(run, workplace: Path) -> None:
    for _ in range(3):
        assert run("sample", "melody-2bar", "-n", "2").code == 0
    assert len(list((workplace / "generated").glob("*.mid"))) == 6


@pytest.mark.parametrize("temperature", ["none", "0"])
def test_likeliest(run, workplace: Path, temperature: str) -> None:
    assert run("sample", "melody-2bar", "-n", "1", "-t", temperature, "--seed", "1").code == 0
    (path,) = (workplace / "generated").iterdir()
    (expected,) = mv.load("melody-2bar").sample(1, temperature=None, seed=1)
    assert [n.pitch for n in mv.read(path).notes] == [n.pitch for n in expected.notes]


def test_magentas_own_command_line(run, workplace: Path, midi: tuple[str, str]) -> None:
    common = ("--config=melody-2bar", "--checkpoint_file=melody-2bar", "--output_dir=out", "--log=INFO")
    assert run("--mode=sample", *common, "--num_outputs=2", "--max_batch_size=8").code == 0
    inputs = (f"--input_midi_1={midi[0]}", f"--input_midi_2={midi[1]}")
    assert run(*common, "--mode=interpolate", "--num_outputs=3", "--temperature=0.1", *inputs).code == 0
    kinds = sorted(re.sub(r"_\d{4}-\d\d-\d\d_\d{6}-", " ", path.stem) for path in (workplace / "out").iterdir())
    assert kinds == [
        *(f"melody-2bar_interpolate 00{i}-of-003" for i in (1, 2, 3)),
        *(f"melody-2bar_sample 00{i}-of-002" for i in (1, 2)),
    ]


def test_a_run_folder_of_magentas(run, groove: Path, workplace: Path) -> None:
    folder = workplace / "run" / "train"
    folder.mkdir(parents=True)
    for step in (9, 10):
        for path in groove.glob("model.ckpt.*"):
            (folder / path.name.replace("ckpt", f"ckpt-{step}")).write_bytes(path.read_bytes())
    (folder / "model.ckpt-9.index").write_bytes(b"damaged")
    options = ("--run_dir", "run", "--config", GROOVE, "-n", "1")
    assert run("sample", *options).code == 0
    (folder / "checkpoint").write_text('model_checkpoint_path: "model.ckpt-9"\n')
    fails(run("sample", *options), "model.ckpt-9")
    fails(run("sample", "--run_dir", "mirror"), "no checkpoint")


def test_interpolate(run, workplace: Path, midi: tuple[str, str]) -> None:
    outcome = run("interpolate", "melody-2bar", *midi, "-n", "4", "--clip-1", "2")
    assert outcome.code == 0
    assert outcome.err.startswith("air.mid gives 2 clips: bars 1-2 of ")
    assert outcome.err.endswith("--clip-2 picks another.\n")
    model = mv.load("melody-2bar")
    start, end = model.clips(mv.read(midi[0]))[1], model.clips(mv.read(midi[1]))[0]
    expected = model.interpolate(start, end, steps=4)
    for path, sequence in zip(outcome.out.split(), expected, strict=True):
        assert [n.pitch for n in mv.read(workplace / path).notes] == [n.pitch for n in sequence.notes]


def test_interpolate_refuses(run, workplace: Path, midi: tuple[str, str]) -> None:
    fails(run("interpolate", "melody-2bar", midi[0]), "needs two files of music, and was given 1")
    fails(run("interpolate", "melody-2bar", *midi, "-n", "1"), "1 steps")
    fails(run("interpolate", "melody-2bar", *midi, "--clip-1", "3", "--clip-2", "1"), "2 clips .*no number 3")
    fails(run("interpolate", "melody-2bar", "reel.mid", "aire.mid"), "Did you mean 'air.mid'")
    (workplace / "bad.mid").write_bytes(b"MThd but no more")
    fails(run("interpolate", "melody-2bar", "bad.mid", midi[1]), "bad.mid")


def test_encode(run, workplace: Path, midi: tuple[str, str]) -> None:
    outcome = run("encode", "melody-2bar", *midi, "-o", "made/z.npz")
    assert outcome.code == 0
    assert "4 clips" in outcome.out
    expected = mv.load("melody-2bar").encode([mv.read(name) for name in midi])
    with np.load(workplace / "made" / "z.npz", allow_pickle=False) as data:
        np.testing.assert_allclose(data["mu"], expected.mu, atol=1e-6)
        np.testing.assert_allclose(data["sigma"], expected.sigma, atol=1e-6)
        assert data["mu"].dtype == np.float32
        assert data["path"].tolist() == [midi[0], midi[0], midi[1], midi[1]]
        assert data["bar"].tolist() == [1, 3, 1, 3]
        assert data["qpm"].tolist() == pytest.approx([112, 112, 120, 120], abs=0.01)
        assert str(data["model"]) == "melody-2bar"
        assert {"title", "track", "track_name", "program", "bars", "onsets"} <= set(data)


def test_encode_refuses(run, workplace: Path, midi: tuple[str, str]) -> None:
    fails(run("encode", "melody-2bar"), "needs music")
    fails(run("encode", "melody-2bar", midi[0], "-o", "z.json"), "does not end in .npz")
    fails(run("encode", "melody-2bar", "nothing.mid"), "no file 'nothing.mid'")


@pytest.mark.parametrize("command", ["sample", "interpolate", "encode"])
def test_a_model_is_needed(run, command: str) -> None:
    fails(run(command), "Say which model")
    fails(run(command, "melody_2bar"), "Did you mean 'melody-2bar'")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-n", "0"], "samples must be at least 1"),
        (["-t", "-1"], "temperature must be above 0, not -1"),
        (["--qpm", "0"], "tempo of 0"),
        (["--device", "warp"], "warp"),
        (["--config", "cat-mel_2bar_big"], "is a melody-2bar, not a cat-mel_2bar_big"),
        (["--chords", "C G"], "chords"),
        (["extra.mid"], "takes one model"),
    ],
)
def test_sample_refuses(run, options: list[str], words: str) -> None:
    fails(run("sample", "melody-2bar", *options), words)


def test_an_output_folder_that_cannot_be(run, workplace: Path) -> None:
    (workplace / "file").write_text("")
    fails(run("sample", "melody-2bar", "-o", "file"), "Cannot make the folder file")


def test_interrupted(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mvae_widgets.checkpoints.catalog.models", interrupt)
    assert run("models").code == 130


def test_commands_about_files_need_no_note_seq(groove: Path, workplace: Path) -> None:
    block = "import sys\nfor m in ('note_seq', 'pretty_midi', 'bokeh', 'anywidget', 'IPython'): sys.modules[m] = None\n"
    code = block + "from mvae_widgets.cli import main\nsys.exit(main(sys.argv[1:]))"
    for arguments in (
        ["models"],
        ["configs"],
        ["fetch", f"magenta/{GROOVE}", "--quiet"],
        ["convert", f"magenta/{GROOVE}", "x.safetensors"],
        ["verify", "x.safetensors", "--reference", str(groove / "reference.json")],
        ["train", "--help"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, env=here()
        )
        assert done.returncode == 0, done.stderr


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    done = subprocess.run(
        f"'{sys.executable}' -m mvae_widgets.cli models | head -1",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
        env=here(),
    )
    assert done.stdout.startswith("name")
    assert not done.stderr
