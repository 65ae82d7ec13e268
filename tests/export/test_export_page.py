"""What stands in an exported page's file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import mvae_widgets as mv
from mvae_widgets.checkpoints.bundles import Bundle
from mvae_widgets.errors import ConfigError
from mvae_widgets.musicvae import MusicVAE
from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.nn.vae import VAE
from mvae_widgets.operations.page import MOST_BYTES
from tests.browser.every_widget import WIDGETS, bundled_clips
from tests.export.make_decoders import FILE, main
from tests.test_families import small


@pytest.fixture(scope="module")
def clips(model: Any) -> list[Any]:
    return bundled_clips(model)


def file_of(path: Path) -> dict[str, Any]:
    """The page's file, as its program reads it."""
    (found,) = re.findall(r'<script type="application/json" id="mv-file">(.*?)</script>', path.read_text("utf-8"))
    return dict(json.loads(found))


@pytest.mark.parametrize("name", WIDGETS)
def test_a_page_names_nothing_that_is_elsewhere(name: str, model: Any, clips: list[Any], tmp_path: Path) -> None:
    path = WIDGETS[name](model, clips).to_html(tmp_path / "page.html")
    html = path.read_text("utf-8")
    assert not re.findall(r"<(?:link|img|script|iframe)\b[^>]*\b(?:src|href)=[\"'](?!data:)", html)
    assert not re.findall(r"url\(\s*['\"]?(?!data:|#)[^)'\"]", html)
    bare = re.sub(r"[A-Za-z0-9+/=]{200,}", "", html)
    assert set(re.findall(r"https?://[^\s\"'<)`]+", bare)) <= {"http://www.w3.org/2000/svg"}
    for word in ("XMLHttpRequest", "EventSource", "WebSocket", "spessasynth"):
        assert word not in bare
    # No SoundFont: whole pages are smaller than one.
    assert path.stat().st_size < 7_000_000
    assert "RIFF" not in bare


def test_only_the_pages_own_program_may_run(model: Any, clips: list[Any], tmp_path: Path) -> None:
    html = mv.PianoRoll(clips[0], model).to_html(tmp_path / "page.html").read_text("utf-8")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', html)
    (program,) = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(program.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe-eval" not in policy
    assert "connect-src" not in policy


def test_words_of_the_music_stay_words(model: Any, clips: list[Any], tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><!-- \u2028 & \"'"
    path = mv.PianoRoll(clips[0], model, subtitle=evil).to_html(tmp_path / "page.html", title=evil)
    html = path.read_text("utf-8")
    assert html.count("<script>") == 1
    assert "<!--" not in html
    assert "&lt;/script&gt;" in re.findall("<title>(.*?)</title>", html)[0]
    told = file_of(path)
    assert told["title"] == evil
    assert told["traits"]["subtitle"] == evil


def test_a_page_has_what_the_widget_has_and_nothing_of_jupyters(model: Any, clips: list[Any], tmp_path: Path) -> None:
    slider = mv.InterpolationSlider(model, clips[0], clips[1], steps=5, title="Way", value=0.5)
    slider.playing = True
    told = file_of(slider.to_html(str(tmp_path / "page.htm")))
    assert told["kind"] == "interpolation_slider"
    assert told["title"] == "Way"
    assert told["traits"]["value"] == 0.5
    assert told["traits"]["playing"] is False
    assert told["licence"] == "Apache-2.0"
    assert not [name for name in told["traits"] if name in ("layout", "_esm", "_css", "_model_name", "_view_name")]
    assert base64.b64decode(told["traits"]["_notes"]["$bytes"]) == slider._notes
    decoder = told["decoder"]
    numbers = np.frombuffer(base64.b64decode(decoder["weights"]["$bytes"]), "<f2").astype(np.float32)
    shape, start = decoder["packing"]["tensors"]["output.weight"]
    own = model.bundle.state["decoder.output.weight"]
    assert (numbers[start : start + np.prod(shape)].reshape(shape) == np.asarray(own, np.float32)).all()


def test_a_users_own_kind_of_widget_is_exported_as_what_it_is(model: Any, clips: list[Any], tmp_path: Path) -> None:
    class MyRoll(mv.PianoRoll):
        pass

    assert file_of(MyRoll(clips[0]).to_html(tmp_path / "page.html"))["kind"] == "piano_roll"


def test_numbers_that_are_none_become_none(model: Any, clips: list[Any], tmp_path: Path) -> None:
    compare = mv.Compare.routes(model, clips[0], clips[1], steps=3)
    compare._costs = [float("nan"), float("inf"), *compare._costs[2:]]
    assert file_of(compare.to_html(tmp_path / "page.html"))["traits"]["_costs"][:2] == [None, None]


@pytest.mark.parametrize(
    ("path", "said"), [("page.txt", "page.txt"), ("no/such/folder/page.html", "Cannot write"), (7, "7")]
)
def test_a_name_that_is_none_is_refused(path: Any, said: str, model: Any, clips: list[Any], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=said):
        mv.PianoRoll(clips[0]).to_html(tmp_path / path if isinstance(path, str) else path)


def test_weights_are_halved_only_where_nothing_is_lost(model: Any) -> None:
    parcel = model.page_decoder()
    assert parcel["packing"]["dtype"] == "float16"
    assert len(parcel["weights"]) < 3_000_000
    state = {name: np.array(tensor, np.float32) for name, tensor in model.bundle.state.items()}
    state["decoder.output.bias"][0] = 0.1
    other = MusicVAE(replace(model.bundle, state={k: torch.from_numpy(v) for k, v in state.items()}), "cpu")
    assert other.page_decoder()["packing"]["dtype"] == "float32"
    assert len(other.page_decoder()["weights"]) == 2 * len(parcel["weights"])


@pytest.mark.parametrize("name", CONFIGS)
def test_pages_carry_the_decoders_that_they_can_run(name: str) -> None:
    config = CONFIGS[name]
    parcel = small(name).page_decoder()
    spoken = config.family in ("melody", "drums", "groove") and not config.control_depth
    assert (parcel is not None) == spoken


def test_a_large_decoder_stays_at_home() -> None:
    config = CONFIGS["cat-mel_2bar_big"]
    with torch.device("meta"):
        size = sum(tensor.numel() for name, tensor in VAE(config).state_dict().items() if name.startswith("decoder."))
    assert 2 * size > MOST_BYTES
    model = small("melody-2bar")
    model.bundle = Bundle(model.name, model.config, {"decoder.x": np.zeros(MOST_BYTES // 2 + 1, np.float32)}, {}, None)
    assert model.page_decoder() is None
    model.bundle = Bundle(model.name, model.config, {"decoder.x": np.zeros(MOST_BYTES // 2, np.float32)}, {}, None)
    assert model.page_decoder() is not None


def test_the_fixture_is_what_its_script_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Shapes, weights and choices; numbers to the last digit depend on the machine."""
    monkeypatch.setattr("tests.export.make_decoders.FILE", tmp_path / "again.json")
    main()
    again, kept = (json.loads(path.read_text()) for path in (tmp_path / "again.json", FILE))
    for one, other in zip(again, kept, strict=True):
        assert one["name"] == other["name"]
        assert one["parcel"] == other["parcel"]
        assert one["speech"] == other["speech"]
        numbers = (np.frombuffer(base64.b64decode(case["numbers"]), "<f4") for case in (one, other))
        assert np.allclose(*numbers, atol=1e-4)
