"""Ourselves, Magenta on TensorFlow and magenta.js, side by side on the same weights.

``python benchmarks/peers.py --setup`` installs the other two once (Node with npm; 3 GB), in a folder of their
own; ``python benchmarks/peers.py`` measures, on a quiet machine. Whatever is not installed is left out. Every
one is given the same random weights, latents and clips and as many cores, is measured in a process of its own,
in turn, several rounds of it, and must come to the same results.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from decode import processor
from random_model import page_description, random_variables, write_bundle, write_page

from mvae_widgets.nn.config import CONFIGS, ModelConfig

WORKERS = Path(__file__).parent / "workers"
PEERS = Path.home() / ".cache" / "mvae_widgets" / "peers"
NPM = ("@magenta/music@1.23.1", "@tensorflow/tfjs-backend-wasm@2.8.6")
PIP = (
    *("tensorflow-cpu==2.21.*", "tf_keras==2.21.*", "tensorflow-probability==0.25.*", "tf_slim==1.1.*"),
    *("tensorflow-datasets", "numpy<3", "librosa", "pydub", "IPython", "pretty_midi", "absl-py", "attrs"),
    *("bokeh", "pandas"),
    "audioop-lts; python_version >= '3.13'",
)
# Magenta's own wishes (TensorFlow 2.9, numpy 1.21) can no longer be had.
PIP_BARE = ("magenta==2.1.4", "note-seq==0.0.5")
BATCH = 64
TOLERANCE = 1e-4
BUSY = 0.3
"""Load of the machine from which on medians are rough."""

Times = dict[str, float]


@dataclass(frozen=True)
class Peer:
    """One of those measured."""

    key: str
    title: str
    command: tuple[str, ...]
    settings: dict[str, str] = field(default_factory=dict)


def set_up(folder: Path) -> None:
    """Install both peers."""
    for part in ("js", "tf"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    python = str(folder / "tf" / "bin" / "python")
    for command in (
        ("npm", "install", "--prefix", str(folder / "js"), "--ignore-scripts", "--no-audit", "--no-fund", *NPM),
        (sys.executable, "-m", "venv", str(folder / "tf")),
        (python, "-m", "pip", "install", "--quiet", *PIP),
        (python, "-m", "pip", "install", "--quiet", "--no-deps", *PIP_BARE),
    ):
        print(" ".join(command), flush=True)
        subprocess.run(command, check=True)
    print(f"Measure with: python benchmarks/peers.py --peers {folder}")


def find_peers(folder: Path, config: ModelConfig) -> list[Peer]:
    """Ourselves first, then whoever is installed and can load the configuration; says who is left out."""
    found = [Peer("ours", "this project", (sys.executable, str(WORKERS / "ours.py")))]
    how = f"install with: python benchmarks/peers.py --setup {folder}"
    python, modules = folder / "tf" / "bin" / "python", folder / "js" / "node_modules"
    if any((folder / "tf").glob("lib/python*/site-packages/magenta")):
        found.append(Peer("magenta_tf", "Magenta, TensorFlow", (str(python), str(WORKERS / "magenta_tf.py"))))
    else:
        print(f"Magenta on TensorFlow is not there; {how}")
    if page_description(config) is None:
        print(f"magenta.js has no network such as {config.name}.")
    elif (modules / "@magenta" / "music").is_dir():
        command = ("node", str(WORKERS / "magenta_js.cjs"))
        found.append(Peer("magenta_js", "magenta.js, wasm", command, {"NODE_PATH": str(modules)}))
    else:
        print(f"magenta.js is not there; {how}")
    return found


def write_job(folder: Path, config: ModelConfig) -> None:
    """Weights for all of them, 64 latents and 64 clips of random one-hot steps."""
    variables = random_variables(config)
    write_bundle(folder / "model.ckpt", variables)
    if description := page_description(config):
        write_page(folder / "page", variables, description)
    generator = np.random.default_rng(1)
    z = generator.standard_normal((BATCH, config.z_size), np.float32)
    x = np.eye(config.depth, dtype=np.float32)[generator.integers(config.depth, size=(BATCH, config.steps))]
    z.tofile(folder / "z.f32")
    x.tofile(folder / "x.f32")
    (folder / "job.json").write_text(json.dumps({"config": config.name, "x": x.shape, "z": z.shape}))


def measure(peer: Peer, folder: Path, repeats: int, threads: int) -> dict[str, Any]:
    """Versions and times of one peer in one round."""
    settings = {"OMP_NUM_THREADS": str(threads), "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [*peer.command, str(folder), str(repeats), str(threads)]
    environment = {**os.environ, **settings, **peer.settings}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{peer.title} failed:\n{done.stderr[-3000:]}")
    report: dict[str, Any] = json.loads((folder / f"{peer.key}.json").read_text())
    return report


def compare(found: list[Peer], folder: Path, config: ModelConfig) -> str:
    """Says that all came to the same results.

    Raises
    ------
    SystemExit
        If they did not: then their times do not compare.
    """

    def read(peer: Peer, what: str) -> np.ndarray[Any, Any]:
        return np.fromfile(folder / f"{peer.key}.{what}.f32", np.float32).reshape(BATCH, -1)

    worst = 0.0
    for peer in found[1:]:
        off = np.abs(read(peer, "steps") - read(found[0], "steps")).reshape(BATCH * config.steps, -1).max(1)
        far = float(np.abs(read(peer, "mu") - read(found[0], "mu")).max())
        if (wrong := int((off > TOLERANCE).sum())) or far > TOLERANCE:
            raise SystemExit(f"{peer.title} differs from this project: {wrong} of {len(off)} steps, mu by {far:.1e}.")
        worst = max(worst, far)
    if len(found) == 1:
        return "Nobody to compare with."
    same = f"all {BATCH * config.steps:,} decoded steps are equal, and mu differs by at most {worst:.0e}"
    return f"Ratio: how many times as long as this project. Same results: {same}."


def table(found: list[Peer], rounds: dict[str, list[Times]]) -> str:
    """Medians in ms in Markdown, and how many times as long each peer takes as we do."""
    medians = {
        peer.key: {what: statistics.median(times[what] for times in rounds[peer.key]) for what in rounds[peer.key][0]}
        for peer in found
    }
    ours = medians["ours"]
    lines = [
        "| median ms | this project | " + "".join(f"{peer.title} | ratio | " for peer in found[1:]),
        "|---|--:|" + "--:|--:|" * (len(found) - 1),
    ]
    for what in ours:
        cells = "".join(f" {medians[p.key][what]:.1f} | {medians[p.key][what] / ours[what]:.2f} |" for p in found[1:])
        lines.append(f"| {what} | {ours[what]:.1f} |{cells}")
    return "\n".join(line.rstrip() for line in lines)


def spread(found: list[Peer], rounds: dict[str, list[Times]]) -> str:
    """How far the rounds of each are apart at most, as a part of the smaller time."""
    parts = []
    for peer in found:
        series = [[times[what] for times in rounds[peer.key]] for what in rounds[peer.key][0]]
        parts.append(f"{peer.title} {max(max(values) / min(values) - 1 for values in series):.0%}")
    return "; ".join(parts)


def run(config: ModelConfig, options: argparse.Namespace, cores: int) -> None:
    """Measure one configuration and print its table."""
    found = find_peers(options.peers, config)
    rounds: dict[str, list[Times]] = {peer.key: [] for peer in found}
    versions: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="mvae-peers-") as temporary:
        folder = Path(temporary)
        write_job(folder, config)
        for _ in range(options.rounds):
            for peer in found:
                report = measure(peer, folder, options.repeats, options.threads)
                rounds[peer.key].append(report["times"])
                versions[peer.key] = report["versions"]
        verdict = compare(found, folder, config)
    print(f"\n{config.name}, {datetime.now(UTC):%Y-%m-%d}, {processor()}, {options.threads} of {cores} cores.")
    print("; ".join(versions.values()) + f"; Python {platform.python_version()}.\n")
    print(table(found, rounds))
    print(f"\n{verdict}")
    print(f"Rounds: {options.rounds} of {options.repeats} repeats; they differ by up to: {spread(found, rounds)}.")


def main() -> None:
    """Install, or measure and print."""
    plain = [c.name for c in CONFIGS.values() if not c.control_depth and c.family != "multitrack"]
    plain.remove("melody-2bar")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", nargs="+", choices=plain, default=["cat-mel_2bar_small"], metavar="NAME")
    parser.add_argument("--threads", type=int, default=1, help="cores for each; wasm uses one in any case")
    parser.add_argument("--repeats", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, default=PEERS, metavar="FOLDER", help=f"where they are: {PEERS}")
    parser.add_argument("--setup", type=Path, nargs="?", const=PEERS, metavar="FOLDER", help="install them there")
    options = parser.parse_args()
    if options.setup:
        set_up(options.setup.absolute())
        return
    options.peers = options.peers.absolute()
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    if load > BUSY:
        print(f"The machine is busy (load {load:.1f}): these times will be rough.")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-options.threads :])
    else:
        print("This system cannot tie a process to a core: only the numbers of threads are set.")
    for name in options.config:
        run(CONFIGS[name], options, cores)


if __name__ == "__main__":
    main()
