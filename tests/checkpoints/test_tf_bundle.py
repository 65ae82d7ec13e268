"""TensorFlow checkpoints, loose and in tars: read, and every kind of damage refused by name."""

from __future__ import annotations

import io
import random
import shutil
import tarfile
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mvae_widgets.checkpoints.crc32c import crc32c, mask
from mvae_widgets.checkpoints.reader import read_checkpoint, read_tensors
from mvae_widgets.checkpoints.tf_bundle import TensorBundle
from mvae_widgets.errors import CheckpointError

from .writers import write_bundle

NAME = "nade-drums_2bar_reduced"
DATA = "model.ckpt.data-00000-of-00001"


@pytest.fixture
def folder(fixtures: Path, tmp_path: Path) -> Path:
    """A folder with one checkpoint, written by TensorFlow."""
    target = tmp_path / "checkpoint"
    target.mkdir()
    for path in (fixtures / "families" / NAME).glob("model.ckpt.*"):
        shutil.copy(path, target)
    return target


@pytest.fixture
def tensors(folder: Path) -> dict[str, Any]:
    return read_tensors(folder)


def pack(folder: Path, tar: Path, mode: str = "w") -> Path:
    with tarfile.open(tar, mode) as file:  # type: ignore[call-overload]
        for path in sorted(folder.iterdir()):
            file.add(path, f"deep/inside/{path.name}")
    return tar


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return a.keys() == b.keys() and all(np.array_equal(a[n], b[n]) for n in a)


def test_crc() -> None:
    """The published check value, and every length by the definition."""
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4
    assert crc32c(b"\xff" * 32) == 0x62A8AB43
    assert crc32c(bytes(range(32))) == 0x46DD794E

    def slowly(data: bytes) -> int:
        crc = 0xFFFFFFFF
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        return crc ^ 0xFFFFFFFF

    data = random.Random(0).randbytes(300_000)
    for n in [*range(70), 1023, 262_143, 262_144, 262_149, 300_000]:
        assert crc32c(data[:n]) == slowly(data[:n]), n
    assert mask(0) == 0xA282EAD8


def test_every_way_in(folder: Path, tmp_path: Path) -> None:
    config, expected = read_checkpoint(folder)
    assert config.name == NAME
    ways = [folder / "model.ckpt", folder / "model.ckpt.index", pack(folder, tmp_path / "a.tar")]
    ways += [pack(folder, tmp_path / "a.tar.gz", "w:gz"), pack(folder, tmp_path / "a.tar.xz", "w:xz")]
    for path in ways:
        found, state = read_checkpoint(path)
        assert found == config, path
        assert same(state, expected), path


def test_shards_blocks_and_types(tensors: dict[str, Any], tmp_path: Path) -> None:
    odd = {"double": np.arange(6, dtype=np.float64).reshape(2, 3), "empty": np.zeros((0, 4), np.float32)}
    write_bundle(tmp_path / "many", tensors | odd, shards=3)
    again = read_tensors(tmp_path / "many")
    assert same(again, tensors | odd)
    assert again["global_step"].shape == ()


def test_only_what_is_needed_is_read(tmp_path: Path, tensors: dict[str, Any]) -> None:
    """Adam's slots may be damaged: nobody looks at them."""
    slots = {f"{n}/{slot}": a for n, a in tensors.items() if a.ndim for slot in ("Adam", "Adam_1")}
    extra = {"beta1_power": np.float32(0.9).reshape(()), "beta2_power": np.float32(0.9).reshape(())}
    write_bundle(tmp_path / "trained", tensors | slots | extra)
    with TensorBundle(tmp_path / "trained") as bundle:
        entry = bundle._entries["encoder/mu/kernel/Adam"]
    data = tmp_path / "trained.data-00000-of-00001"
    raw = bytearray(data.read_bytes())
    raw[entry.offset] ^= 1
    data.write_bytes(raw)
    config, state = read_checkpoint(tmp_path / "trained")
    assert config.name == NAME
    write_bundle(tmp_path / "bare", {n: a for n, a in tensors.items() if a.ndim})
    assert same(state, read_checkpoint(tmp_path / "bare")[1])
    with pytest.raises(CheckpointError, match="encoder/mu/kernel/Adam has a wrong checksum"):
        read_tensors(tmp_path / "trained")


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_large_tar_is_streamed(tmp_path: Path, mode: str) -> None:
    """72 MB lie in the tar in tensors of 8; only a few of those are held at any time."""
    big = {f"{part}/kernel": np.full((1024, 2048), k, np.float32) for k, part in enumerate("abc")}
    slots = {f"{name}/{slot}": array for name, array in big.items() for slot in ("Adam", "Adam_1")}
    inside = tmp_path / "inside"
    inside.mkdir()
    write_bundle(inside / "model.ckpt", big | slots)
    tar = pack(inside, tmp_path / "big.tar", mode)
    tracemalloc.start()
    with TensorBundle(tar) as bundle:
        seen = [(name, float(array[0, 0])) for name, array in bundle.stream(big)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == [("a/kernel", 0), ("b/kernel", 1), ("c/kernel", 2)]
    assert peak < 50e6


def _flip(file: str, where: int) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        data = bytearray((folder / file).read_bytes())
        data[where] ^= 4
        (folder / file).write_bytes(data)

    return damage


def _cut(file: str, size: int) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes((folder / file).read_bytes()[:size]) and None


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_flip(DATA, 100), r"data-00000-of-00001: decoder/\S+ has a wrong checksum"),
        (_flip(DATA, -100), r"encoder/sigma/kernel has a wrong checksum"),
        (_cut(DATA, 5000), r"data-00000-of-00001: \S+ is cut short"),
        (_cut(DATA, 0), "the file at 0"),
        (lambda f: (f / DATA).unlink(), "Cannot read .*data-00000-of-00001"),
        (_flip("model.ckpt.index", 60), "model.ckpt.index: the block at byte 0 has a wrong checksum"),
        (_cut("model.ckpt.index", 300), "no index of a TensorFlow checkpoint"),
        (_flip("model.ckpt.index", -1), "no index of a TensorFlow checkpoint"),
        (lambda f: (f / "model.ckpt.index").unlink(), "must hold one checkpoint"),
        (lambda f: shutil.copy(f / "model.ckpt.index", f / "b.index") and None, "must hold one checkpoint"),
    ],
)
def test_damage_is_named(folder: Path, damage: Callable[[Path], None], words: str) -> None:
    damage(folder)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_checkpoint(folder)
    assert str(folder) in str(caught.value)


def test_any_flipped_bit_is_noticed_or_without_effect(folder: Path, tensors: dict[str, Any]) -> None:
    """No byte of the index can change what is read, nor raise anything but the documented error."""
    path = folder / "model.ckpt.index"
    good = path.read_bytes()
    for where in range(len(good)):
        path.write_bytes(good[:where] + bytes([good[where] ^ (1 << where % 8)]) + good[where + 1 :])
        try:
            found = read_tensors(folder)
        except CheckpointError:
            continue
        assert same(found, tensors), where


def test_any_cut_is_noticed(folder: Path) -> None:
    path = folder / "model.ckpt.index"
    good = path.read_bytes()
    for size in range(len(good)):
        path.write_bytes(good[:size])
        with pytest.raises(CheckpointError):
            read_tensors(folder)


def test_a_size_beyond_all_files_is_no_reason_to_reserve_memory(tmp_path: Path, tensors: dict[str, Any]) -> None:
    huge = np.broadcast_to(np.float32(0), (1 << 40,))
    write_bundle(tmp_path / "huge", {name: a for name, a in tensors.items() if a.ndim} | {"a": huge[:1]})
    with TensorBundle(tmp_path / "huge") as bundle:
        bundle._entries["a"] = replace(bundle._entries["a"], shape=huge.shape, size=4 << 40)
        with pytest.raises(CheckpointError, match="a is cut short"):
            list(bundle.stream(["a"]))


def test_compression_is_refused(tensors: dict[str, Any], tmp_path: Path) -> None:
    write_bundle(tmp_path / "snappy", tensors, kind=1)
    with pytest.raises(CheckpointError, match=r"snappy.index is compressed"):
        read_checkpoint(tmp_path / "snappy")


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_numbers_that_are_none(tensors: dict[str, Any], tmp_path: Path, number: float) -> None:
    broken = tensors["encoder/mu/kernel"].copy()
    broken[3, 3] = number
    write_bundle(tmp_path / "broken", tensors | {"encoder/mu/kernel": broken})
    with pytest.raises(CheckpointError, match="broken: the tensor encoder/mu/kernel holds numbers that are not finite"):
        read_checkpoint(tmp_path / "broken")


def _member(name: str, kind: bytes, target: str = "") -> Callable[[Path, Path], None]:
    def make(folder: Path, tar: Path) -> None:
        pack(folder, tar)
        with tarfile.open(tar, "a") as file:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            file.addfile(member, io.BytesIO())

    return make


def _rename(find: str, name: str) -> Callable[[Path, Path], None]:
    def make(folder: Path, tar: Path) -> None:
        with tarfile.open(tar, "w") as file:
            for path in sorted(folder.iterdir()):
                file.add(path, name if path.name.endswith(find) else path.name)

    return make


def _truncated(size: int, mode: str) -> Callable[[Path, Path], None]:
    def make(folder: Path, tar: Path) -> None:
        data = pack(folder, tar, mode).read_bytes()
        tar.write_bytes(data[:size])

    return make


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_member("deep/link", tarfile.SYMTYPE, "/etc/passwd"), "deep/link, which is no plain file"),
        (_member("deep/hard", tarfile.LNKTYPE, "deep/inside/model.ckpt.index"), "deep/hard, which is no plain file"),
        (_member("deep/device", tarfile.CHRTYPE), "deep/device, which is no plain file"),
        (_member("deep/pipe", tarfile.FIFOTYPE), "deep/pipe, which is no plain file"),
        (_member("/etc/passwd", tarfile.REGTYPE), "/etc/passwd, which points outside"),
        (_member("a/../../b", tarfile.REGTYPE), "a/../../b, which points outside"),
        (_member("../folder", tarfile.DIRTYPE), "../folder, which points outside"),
        (_member("C:\\b", tarfile.REGTYPE), "which points outside"),
        (_member("other.index", tarfile.REGTYPE), "holds 2 checkpoints"),
        (_rename(".index", "readme.txt"), "holds 0 checkpoints"),
        (_rename("00001", "elsewhere.data"), "model.ckpt.data-00000-of-00001 is missing"),
        (_truncated(20_000, "w"), "cut short|damaged"),
        (_truncated(20_000, "w:gz"), "damaged or cut short"),
        (_truncated(100, "w"), "as a tar|damaged"),
    ],
)
def test_tars_that_are_refused(folder: Path, tmp_path: Path, make: Callable[[Path, Path], None], words: str) -> None:
    tar = tmp_path / "bad.tar"
    make(folder, tar)
    with pytest.raises(CheckpointError, match=words) as caught:
        read_checkpoint(tar)
    assert "bad.tar" in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.tar", "checkpoint"]


def test_what_a_mac_adds_to_a_tar_does_not_matter(folder: Path, tmp_path: Path) -> None:
    _member("deep/inside/._model.ckpt.index", tarfile.REGTYPE)(folder, tmp_path / "mac.tar")
    assert same(read_checkpoint(tmp_path / "mac.tar")[1], read_checkpoint(folder)[1])


def test_no_checkpoint_at_all(tmp_path: Path) -> None:
    (tmp_path / "song.mid").write_bytes(b"MThd" * 300)
    with pytest.raises(CheckpointError, match=r"song.mid as a tar"):
        read_checkpoint(tmp_path / "song.mid")
    with pytest.raises(CheckpointError, match="There is no checkpoint"):
        read_checkpoint(tmp_path / "nothing")
