"""The seam between `MusicVAE` and what computes: PyTorch, or numpy alone where PyTorch is absent.

Music, controls and outputs are numpy arrays on both sides of it. Latent vectors are the backend's own: tensors on
its device with PyTorch, arrays with numpy.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import numpy as np

from mvae_widgets.errors import ConfigError
from mvae_widgets.nn.config import ModelConfig

__all__ = ["BACKENDS", "Backend", "Vectors", "choose_backend", "make_backend"]

BACKENDS = ("torch", "numpy")

Array = np.ndarray[Any, Any]
Vectors = Any
"""``[n, z]`` float32: a ``torch.Tensor`` or a numpy array."""


class Backend(Protocol):
    """One model's network, ready to run.

    Attributes
    ----------
    name
        One of `BACKENDS`.
    device
        Where it runs: a ``torch.device``, or ``"cpu"``.
    network
        The network itself.
    """

    name: str
    device: Any
    network: Any

    def encode(self, x: Array, lengths: Array, controls: Array | None) -> tuple[Vectors, Vectors]:
        """Mu and sigma of ``[n, steps, depth]``; lengths ``[n]`` or ``[n, chunks]``, controls ``[n, steps, depth]``."""

    def decode(
        self, z: Vectors, temperature: float | None, random: Any, controls: Array | None, hits: Array | None = None
    ) -> Array:
        """Outputs ``[n, steps, output_depth]``; without a temperature the likeliest, else drawn from `random`.

        A groove may be given the hits to play, ``[n, steps, drums]``.
        """

    def random(self, seed: int | None) -> Any:
        """A source of random numbers; the same seed gives the same ones on this backend, None fresh ones."""

    def normal(self, shape: tuple[int, ...], random: Any) -> Vectors:
        """Draws from N(0, 1)."""

    def vectors(self, values: Any) -> Vectors:
        """Numbers of any kind; `TypeError` or `ValueError` if they are none."""

    def join(self, parts: Sequence[Vectors]) -> Vectors:
        """Vectors after one another."""

    def array(self, vectors: Vectors) -> np.ndarray[Any, np.dtype[np.float64]]:
        """As a float64 array."""


def choose_backend(name: str) -> str:
    """The backend meant by ``"auto"`` (PyTorch where it is installed), or the one that is named.

    Raises
    ------
    ConfigError
        If there is no such backend, or PyTorch is not installed.
    """
    if name not in ("auto", *BACKENDS):
        raise ConfigError(f"There is no backend {name!r}.", f"Use auto, {' or '.join(BACKENDS)}.")
    if name == "numpy" or (name == "auto" and find_spec("torch") is None):
        return "numpy"
    if find_spec("torch") is None:
        raise ConfigError("PyTorch is not installed here.", 'Install torch, or leave backend at "auto".')
    return "torch"


def make_backend(name: str, config: ModelConfig, state: Mapping[str, Any], device: Any) -> Backend:
    """A network with these weights.

    Parameters
    ----------
    name
        One of `BACKENDS`.
    config, state
        Shape and weights: tensors for PyTorch, float32 arrays for numpy.
    device
        A device of PyTorch or its name; ``"auto"`` takes a GPU where there is one.

    Raises
    ------
    CheckpointError
        If the weights do not fit the configuration.
    ConfigError
        If there is no such device.
    """
    if name == "numpy":
        from mvae_widgets.nn.numpy_backend import NumpyBackend

        if str(device) not in ("auto", "cpu"):
            raise ConfigError(f"The device {str(device)!r} needs PyTorch; numpy runs on the CPU.", 'Use "auto".')
        return NumpyBackend(config, state)
    from mvae_widgets.nn.torch_backend import TorchBackend

    return TorchBackend(config, state, device)
