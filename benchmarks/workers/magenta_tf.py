"""Measures Magenta on TensorFlow on the files of `peers.py`; runs in an environment of its own."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from magenta.models.music_vae import configs
from magenta.models.music_vae.trained_model import TrainedModel

GREEDY = 1e-9
"""Magenta always draws; at this temperature the noise is below the rounding."""


def median_ms(work: Callable[[], object], repeats: int) -> float:
    """Median wall time of some work in ms, after three rounds of warming up."""
    for _ in range(3):
        work()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times)


def main(folder: Path, repeats: int) -> None:
    """Write times and results beside the inputs."""
    tf.compat.v1.disable_v2_behavior()
    job = json.loads((folder / "job.json").read_text())
    x, z = (np.fromfile(folder / f"{n}.f32", np.float32).reshape(job[n]) for n in "xz")
    config, steps = configs.CONFIG_MAP[job["config"]], job["x"][1]
    shape = config.data_converter.length_shape
    lengths = [np.full(shape, steps // np.prod(shape, dtype=int))] * len(x)
    one, many = (TrainedModel(config, n, str(folder / "model.ckpt")) for n in (1, len(z)))

    def decode(model: TrainedModel, z: np.ndarray) -> np.ndarray:
        return np.stack(model.decode_to_tensors(z, steps, GREEDY))

    def encode(model: TrainedModel, n: int) -> np.ndarray:
        return model.encode_tensors(list(x[:n]), lengths[:n])[1]

    times = {
        "decode 1": median_ms(lambda: decode(one, z[:1]), repeats),
        "decode 64": median_ms(lambda: decode(many, z), repeats),
        "encode 1": median_ms(lambda: encode(one, 1), repeats),
        "encode 64": median_ms(lambda: encode(many, len(x)), repeats),
    }
    decode(many, z).astype(np.float32).tofile(folder / "magenta_tf.steps.f32")
    encode(many, len(x)).astype(np.float32).tofile(folder / "magenta_tf.mu.f32")
    report = {"versions": f"Magenta 2.1.4, TensorFlow {tf.__version__}", "times": times}
    (folder / "magenta_tf.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
