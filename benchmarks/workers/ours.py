"""Measures this project on the files of `peers.py`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch

import mvae_widgets as mv

sys.path.append(str(Path(__file__).parents[1]))
from decode import median_ms


def main(folder: Path, repeats: int, threads: int) -> None:
    """Write times and results beside the inputs."""
    torch.set_num_threads(threads)
    job = json.loads((folder / "job.json").read_text())
    network = mv.load(folder / "model.ckpt", "cpu", job["config"]).network
    cpu = torch.device("cpu")
    x, z = (torch.from_numpy(np.fromfile(folder / f"{n}.f32", np.float32).reshape(job[n])) for n in "xz")
    with torch.no_grad():
        times = {
            "decode 1": median_ms(lambda: network.decode(z[:1]), cpu, repeats),
            "decode 64": median_ms(lambda: network.decode(z), cpu, repeats),
            "encode 1": median_ms(lambda: network.encode(x[:1]), cpu, repeats),
            "encode 64": median_ms(lambda: network.encode(x), cpu, repeats),
        }
        network.decode(z).numpy().tofile(folder / "ours.steps.f32")
        network.encode(x)[0].numpy().tofile(folder / "ours.mu.f32")
    report = {"versions": f"PyTorch {torch.__version__}", "times": times}
    (folder / "ours.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
