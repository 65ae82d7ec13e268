"""The backend that runs on PyTorch, on a CPU or a GPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mvae_widgets.errors import CheckpointError, ConfigError
from mvae_widgets.nn.config import ModelConfig
from mvae_widgets.nn.runtime import random_generator, threads_for
from mvae_widgets.nn.vae import VAE

__all__ = ["TorchBackend"]

Array = np.ndarray[Any, Any]


class TorchBackend:
    """See `nn.backend.Backend`.

    Parameters
    ----------
    config, state
        Shape and weights.
    device
        ``"auto"``, or what ``torch.device`` takes.

    Raises
    ------
    CheckpointError
        If the weights do not fit the configuration.
    ConfigError
        If there is no such device.
    """

    name = "torch"

    def __init__(self, config: ModelConfig, state: Mapping[str, Tensor], device: Any) -> None:
        self.device = device_for(device)
        self.network = VAE(config)
        try:
            self.network.load_state_dict(state)
        except RuntimeError as error:
            raise CheckpointError(f"The weights of {config.name} do not fit its configuration: {error}.") from error
        self.network.to(self.device).eval().requires_grad_(False)

    @torch.no_grad()
    def encode(self, x: Array, lengths: Array, controls: Array | None) -> tuple[Tensor, Tensor]:
        """See `Backend`."""
        with threads_for(self.device, len(x)):
            return self.network.encode(self._put(x), torch.from_numpy(lengths), self._put(controls))

    def decode(
        self,
        z: Tensor,
        temperature: float | None,
        random: torch.Generator | None,
        controls: Array | None,
        hits: Array | None = None,
    ) -> Array:
        """See `Backend`."""
        with threads_for(self.device, len(z)):
            outputs = self.network.decode(z, temperature, random, self._put(controls), self._put(hits))
        return np.asarray(outputs.cpu().numpy())

    def random(self, seed: int | None) -> torch.Generator:
        """See `Backend`."""
        return random_generator(self.device, seed)

    def normal(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        """See `Backend`."""
        return torch.randn(shape, device=self.device, generator=random)

    def vectors(self, values: Any) -> Tensor:
        """See `Backend`."""
        given = torch.as_tensor(values if isinstance(values, Tensor) else np.asarray(values), dtype=torch.float32)
        return given.detach().to(self.device)

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """See `Backend`."""
        return torch.cat(list(parts))

    def array(self, vectors: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
        """See `Backend`."""
        return np.asarray(vectors.double().cpu().numpy())

    def _put(self, array: Any) -> Any:
        return None if array is None else torch.from_numpy(array).to(self.device)


def device_for(device: Any) -> torch.device:
    """The device of a name; ``"auto"`` is CUDA where there is one.

    Raises
    ------
    ConfigError
        If it is not available.
    """
    try:
        chosen = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device)
        torch.empty(0, device=chosen)
    except (RuntimeError, AssertionError) as error:
        raise ConfigError(f"The device {device!r} is not available: {error}.", 'Use "auto" or "cpu".') from error
    return chosen
