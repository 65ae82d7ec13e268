"""The backend for where PyTorch is absent: the same networks, numpy alone, inference only (MUSICVAE.md 2).

Its numbers are PyTorch's to rounding; its draws are numpy's own, so that a seed gives the same music on this
backend, and other music on the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from mvae_widgets.checks import whole_number
from mvae_widgets.errors import CheckpointError, ConfigError
from mvae_widgets.nn.config import CERTAIN, ModelConfig
from mvae_widgets.nn.numpy_heads import Head, make_head, sigmoid

__all__ = ["NumpyBackend", "NumpyLanguageModel", "NumpyVAE"]

Array = np.ndarray[Any, np.dtype[np.float32]]
Random = np.random.Generator
State = list[tuple[Array, Array]]
"""A (c, h) pair a layer, ``[n, units]`` each."""


class Weights:
    """A state dict, each tensor of which is taken once and must have its shape.

    Parameters
    ----------
    state
        Names and arrays.
    owner
        Of whom, for messages.
    """

    def __init__(self, state: Mapping[str, Any], owner: str) -> None:
        self._left, self._owner = dict(state), owner

    def take(self, name: str, *shape: int) -> Array:
        """The tensor of that name and shape, float32."""
        if name not in self._left:
            raise CheckpointError(f"The weights of {self._owner} do not fit its configuration: {name} is missing.")
        array = np.asarray(self._left.pop(name), np.float32)
        if array.shape != shape:
            raise CheckpointError(
                f"The weights of {self._owner} do not fit its configuration: {name} is {array.shape}, not {shape}."
            )
        return array

    def linear(self, name: str, inputs: int, outputs: int) -> tuple[Array, Array]:
        """Weight ``[inputs, outputs]`` and bias of a linear layer."""
        weight = self.take(f"{name}.weight", outputs, inputs)
        return np.ascontiguousarray(weight.T), self.take(f"{name}.bias", outputs)

    def finish(self) -> None:
        """Refuse what is left, PyTorch's second LSTM bias aside, which is zero (`nn.lstm.LSTMLayer`)."""
        if left := sorted(name for name in self._left if ".bias_hh_" not in name):
            raise CheckpointError(f"The weights of {self._owner} do not fit its configuration: {left[0]} is left over.")


class Layer:
    """One LSTM layer in one direction; gates in PyTorch's order: input, forget, candidate, output."""

    def __init__(self, weights: Weights, name: str, inputs: int, units: int, reverse: bool = False) -> None:
        end = "_l0_reverse" if reverse else "_l0"
        self.units, self.reverse = units, reverse
        self.by_input = np.ascontiguousarray(weights.take(f"{name}.weight_ih{end}", 4 * units, inputs).T)
        self.by_state = np.ascontiguousarray(weights.take(f"{name}.weight_hh{end}", 4 * units, units).T)
        self.bias = weights.take(f"{name}.bias_ih{end}", 4 * units)

    def step(self, gates: Array, c: Array, h: Array) -> tuple[Array, Array]:
        """What the input makes of the gates, and the state before -> the state after, ``[n, units]`` each."""
        i, f, candidate, o = np.split(gates + h @ self.by_state, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(candidate)
        return c, sigmoid(o) * np.tanh(c)

    def run(self, x: Array, valid: np.ndarray[Any, Any] | None = None) -> tuple[Array, Array]:
        """``[n, steps, inputs]`` -> states ``[n, steps, units]``, and the last; steps not `valid` change nothing."""
        n, steps = x.shape[:2]
        by_input = x @ self.by_input + self.bias
        states = np.zeros((n, steps, self.units), np.float32)
        c = h = np.zeros((n, self.units), np.float32)
        for t in reversed(range(steps)) if self.reverse else range(steps):
            new = self.step(by_input[:, t], c, h)
            c, h = new if valid is None else np.where(valid[:, t, None], new, (c, h))
            states[:, t] = h
        return states, h


class Encoder:
    """Bidirectional layers, read out at their two ends (`nn.encoder.BidirectionalEncoder`)."""

    def __init__(self, weights: Weights, name: str, inputs: int, sizes: tuple[int, ...]) -> None:
        self.layers = []
        for k, units in enumerate(sizes):
            self.layers.append([Layer(weights, f"{name}layers.{k}", inputs, units, way) for way in (False, True)])
            inputs = 2 * units
        self.output_size = inputs

    def __call__(self, x: Array, lengths: np.ndarray[Any, Any] | None = None) -> Array:
        """``[n, steps, inputs]`` and valid steps ``[n]`` -> ``[n, output_size]``; length 0 embeds as zeros."""
        valid = None if lengths is None else np.arange(x.shape[1]) < lengths[:, None]
        for layer in self.layers:
            (x, first), (y, last) = (way.run(x, valid) for way in layer)
            x = np.concatenate([x, y], axis=2)
        return np.concatenate([first, last], axis=1)


class HierarchicalEncoder:
    """Each chunk is embedded, then the row of embeddings (`nn.hierarchy.HierarchicalEncoder`)."""

    def __init__(
        self, weights: Weights, name: str, inputs: int, sizes: tuple[int, ...], levels: tuple[int, ...]
    ) -> None:
        self.chunk, self.chunks = levels
        self.low = Encoder(weights, f"{name}levels.0.", inputs, sizes)
        self.high = Encoder(weights, f"{name}levels.1.", self.low.output_size, sizes)
        self.output_size = self.high.output_size

    def __call__(self, x: Array, lengths: np.ndarray[Any, Any] | None = None) -> Array:
        """As `Encoder`; lengths of each chunk ``[n, chunks]``, or of whole examples ``[n]``."""
        n = len(x)
        if lengths is not None and lengths.ndim == 1:
            lengths = np.repeat(lengths[:, None] // self.chunks, self.chunks, axis=1)
        low = self.low(x.reshape(n * self.chunks, self.chunk, -1), None if lengths is None else lengths.ravel())
        return self.high(low.reshape(n, self.chunks, -1))


class Stack:
    """Layers whose first state comes from a latent vector (`nn.lstm.LSTMStack`)."""

    def __init__(self, weights: Weights, name: str, inputs: int, z_size: int, sizes: tuple[int, ...]) -> None:
        self.initial, self.initial_bias = weights.linear(f"{name}.initial", z_size, 2 * sum(sizes))
        self.layers = []
        for k, units in enumerate(sizes):
            self.layers.append(Layer(weights, f"{name}.layers.{k}", inputs, units))
            inputs = units

    def state(self, z: Array) -> State:
        """The first state of ``[n, z_size]``."""
        ends = np.cumsum([layer.units for layer in self.layers for _ in range(2)])[:-1]
        parts = np.split(np.tanh(z @ self.initial + self.initial_bias), ends, axis=1)
        return list(zip(parts[0::2], parts[1::2], strict=True))

    def step(self, gates: Array, state: State) -> Array:
        """One step of all layers from the first one's gates; overwrites the state and returns the top of it."""
        for k, layer in enumerate(self.layers):
            state[k] = layer.step(gates, *state[k])
            if k + 1 < len(self.layers):
                above = self.layers[k + 1]
                gates = state[k][1] @ above.by_input + above.bias
        return state[-1][1]


class Decoder(Protocol):
    """z -> rows, as `nn.decoder.Decoder`."""

    def noise(self, n: int, steps: int, temperature: float, random: Random) -> Array:
        """What `decode` draws with: ``[n, steps, choices]``."""

    def decode(self, z: Array, steps: int, noise: Array | None, controls: Array | None, start: Array | None) -> Array:
        """Rows ``[n, steps, depth]``, each step fed with the step before, the first with `start` or zeros."""


class FlatDecoder(Stack):
    """An LSTM that sees z, and the step before, at every step (`nn.decoder.FlatDecoder`)."""

    def __init__(self, weights: Weights, name: str, config: ModelConfig, depth: int, z_size: int) -> None:
        sizes, controls = config.decoder_sizes, config.control_depth
        super().__init__(weights, name, depth + z_size + controls, z_size, sizes)
        self.head: Head = make_head(config, depth, lambda part, *shape: weights.take(f"{name}.head.{part}", *shape))
        self.output, self.output_bias = weights.linear(f"{name}.output", sizes[-1], self.head.width)
        cuts = [depth, depth + z_size]
        self.by_step, self.by_z, self.by_controls = np.split(self.layers[0].by_input, cuts)

    def noise(self, n: int, steps: int, temperature: float, random: Random) -> Array:
        """See `Decoder`."""
        return self.head.noise((n, steps), temperature, random)

    def decode(self, z: Array, steps: int, noise: Array | None, controls: Array | None, start: Array | None) -> Array:
        """See `Decoder`."""
        state = self.state(z)
        rows = np.empty((len(z), steps, self.head.depth), np.float32)
        # What z and the controls add to the first layer's gates is known before the first step.
        known = (z @ self.by_z + self.layers[0].bias)[:, None]
        if controls is not None:
            known = known + controls @ self.by_controls
        for t in range(steps):
            gates = known[:, min(t, known.shape[1] - 1)]
            before = rows[:, t - 1] if t else start
            if before is not None:
                gates = gates + before @ self.by_step
            numbers = self.step(gates, state) @ self.output + self.output_bias
            rows[:, t] = self.head.choose(numbers, None if noise is None else noise[:, t])
        return rows


class SplitDecoder:
    """Decoders side by side, each for its part of the row (`nn.decoder.SplitDecoder`)."""

    def __init__(self, parts: list[FlatDecoder]) -> None:
        self.parts = parts
        self.depths = np.cumsum([part.head.depth for part in parts])[:-1]
        self.choices = np.cumsum([part.head.choices for part in parts])[:-1]

    def noise(self, n: int, steps: int, temperature: float, random: Random) -> Array:
        """See `Decoder`."""
        return np.concatenate([part.noise(n, steps, temperature, random) for part in self.parts], axis=-1)

    def decode(self, z: Array, steps: int, noise: Array | None, controls: Array | None, start: Array | None) -> Array:
        """See `Decoder`."""
        noises = [None] * len(self.parts) if noise is None else np.split(noise, self.choices, axis=-1)
        starts = [None] * len(self.parts) if start is None else np.split(start, self.depths, axis=-1)
        own = zip(self.parts, noises, starts, strict=True)
        return np.concatenate([part.decode(z, steps, n, controls, s) for part, n, s in own], axis=-1)


class HierarchicalDecoder:
    """A conductor gives each segment its vector, from which the core decodes it (`nn.hierarchy`)."""

    def __init__(self, weights: Weights, config: ModelConfig, core: FlatDecoder | SplitDecoder) -> None:
        self.segments, self.segment = config.decoder_levels
        self.conductor = Stack(weights, "decoder.conductor", 1, config.z_size, config.decoder_sizes)
        self.core = core

    def noise(self, n: int, steps: int, temperature: float, random: Random) -> Array:
        """See `Decoder`."""
        return self.core.noise(n, steps, temperature, random)

    def decode(self, z: Array, steps: int, noise: Array | None, controls: Array | None, start: Array | None) -> Array:
        """See `Decoder`. The end of one segment starts the next."""
        state, nothing = self.conductor.state(z), self.conductor.layers[0].bias
        rows: list[Array] = []
        for s in range(self.segments):
            of = slice(s * self.segment, (s + 1) * self.segment)
            vector = self.conductor.step(nothing, state)
            own_noise, own_controls = (None if x is None else x[:, of] for x in (noise, controls))
            before = rows[-1][:, -1] if rows else start
            rows.append(self.core.decode(vector, self.segment, own_noise, own_controls, before))
        return np.concatenate(rows, axis=1)


class NumpyVAE:
    """A MusicVAE of any configuration, as `nn.vae.VAE` but for training.

    Parameters
    ----------
    config, state
        Shape and weights, as arrays.

    Raises
    ------
    CheckpointError
        If they do not fit each other; names the tensor.
    """

    encoder: Encoder | HierarchicalEncoder
    decoder: Decoder

    def __init__(self, config: ModelConfig, state: Mapping[str, Any]) -> None:
        self.config, weights = config, Weights(state, config.name)
        width, sizes = config.depth + config.control_depth, config.encoder_sizes
        if config.encoder_levels:
            self.encoder = HierarchicalEncoder(weights, "encoder.", width, sizes, config.encoder_levels)
        else:
            self.encoder = Encoder(weights, "encoder.", width, sizes)
        self.mu = weights.linear("posterior.mu", self.encoder.output_size, config.z_size)
        self.sigma = weights.linear("posterior.sigma", self.encoder.output_size, config.z_size)
        self.decoder = _decoder(weights, config)
        weights.finish()

    def encode(self, x: Array, lengths: np.ndarray[Any, Any] | None, controls: Array | None) -> tuple[Array, Array]:
        """Mu and sigma of ``[n, steps, depth]``, ``[n, z_size]`` each."""
        embedding = self.encoder(x if controls is None else np.concatenate([x, controls], axis=2), lengths)
        mu, spread = (embedding @ weight + bias for weight, bias in (self.mu, self.sigma))
        return mu, np.logaddexp(np.float32(0), spread)

    def decode(
        self,
        z: Array,
        temperature: float | None,
        random: Random | None,
        controls: Array | None,
        hits: Array | None = None,
    ) -> Array:
        """Outputs ``[n, steps, output_depth]`` at ``[n, z_size]``."""
        steps = self.config.steps
        noise = None if hits is None else (2 * hits - 1) * CERTAIN
        if noise is None and temperature is not None and random is not None:
            noise = self.decoder.noise(len(z), steps, temperature, random)
        return self.decoder.decode(z, steps, noise, controls, None)


def _decoder(weights: Weights, config: ModelConfig) -> Decoder:
    conducted, split = bool(config.decoder_levels), bool(config.parts) and config.head != "multi"
    name, z_size = ("decoder.core", config.decoder_sizes[-1]) if conducted else ("decoder", config.z_size)
    core: FlatDecoder | SplitDecoder
    if split:
        named = ((f"{name}.parts.{k}", depth) for k, depth in enumerate(config.parts))
        core = SplitDecoder([FlatDecoder(weights, part, config, depth, z_size) for part, depth in named])
    else:
        core = FlatDecoder(weights, name, config, config.output_depth, z_size)
    return HierarchicalDecoder(weights, config, core) if conducted else core


class NumpyBackend:
    """See `nn.backend.Backend`.

    Parameters
    ----------
    config, state
        Shape and weights, as arrays.
    """

    name = "numpy"
    device = "cpu"

    def __init__(self, config: ModelConfig, state: Mapping[str, Any]) -> None:
        self.network = NumpyVAE(config, state)

    def encode(self, x: Array, lengths: np.ndarray[Any, Any], controls: Array | None) -> tuple[Array, Array]:
        """See `Backend`."""
        return self.network.encode(x, lengths, self._checked(controls))

    def decode(
        self,
        z: Array,
        temperature: float | None,
        random: Random | None,
        controls: Array | None,
        hits: Array | None = None,
    ) -> Array:
        """See `Backend`."""
        return self.network.decode(z, temperature, random, self._checked(controls), hits)

    def random(self, seed: int | None) -> Random:
        """See `Backend`."""
        return np.random.default_rng(
            None if seed is None else whole_number(seed, "A seed", -(2**63), 2**63 - 1) % 2**64
        )

    def normal(self, shape: tuple[int, ...], random: Random) -> Array:
        """See `Backend`."""
        return random.standard_normal(shape, np.float32)

    def vectors(self, values: Any) -> Array:
        """See `Backend`."""
        return np.asarray(values, np.float32)

    def join(self, parts: Sequence[Array]) -> Array:
        """See `Backend`."""
        return np.concatenate(parts)

    def array(self, vectors: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
        """See `Backend`."""
        return vectors.astype(np.float64)

    def _checked(self, controls: Array | None) -> Array | None:
        config = self.network.config
        if controls is not None and not config.control_depth:
            raise ConfigError(f"{config.name} takes no controls such as chords.", "Leave them out.")
        return controls


class NumpyLanguageModel:
    """How surprising clips are, as `nn.language_model.LanguageModel`.

    Parameters
    ----------
    state, depth, sizes
        Weights, number of tokens and units a layer.
    """

    def __init__(self, state: Mapping[str, Any], depth: int, sizes: tuple[int, ...]) -> None:
        weights = Weights(state, "the language model")
        widths = (depth, *sizes)
        self.layers = [Layer(weights, f"layers.{k}", widths[k], units) for k, units in enumerate(sizes)]
        self.output, self.bias = weights.linear("output", sizes[-1], depth)
        self.depth = depth
        weights.finish()

    def cost(self, tokens: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Mean bits a step, ``[n]``, of ``[n, steps]``."""
        hidden = np.zeros((*tokens.shape, self.depth), np.float32)
        hidden[:, 1:] = np.eye(self.depth, dtype=np.float32)[tokens[:, :-1]]
        for layer in self.layers:
            hidden, _ = layer.run(hidden)
        scores = (hidden @ self.output + self.bias).astype(np.float64)
        scores -= scores.max(2, keepdims=True)
        told = np.take_along_axis(scores, tokens[..., None].astype(np.int64), 2)[..., 0]
        bits: np.ndarray[Any, np.dtype[np.float64]] = (np.log(np.exp(scores).sum(2)) - told) / np.log(2.0)
        return np.asarray(bits.mean(1))
