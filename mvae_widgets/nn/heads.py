"""Output heads: what a decoder's numbers mean, how they are scored and chosen (MUSICVAE.md 2.7 and 3.1).

A head turns the numbers of one step into a *code* (class indices, bits, or a drum row), a code into the
part of the next step's LSTM input that comes from it, and codes into rows. Every choice is the likeliest
one given numbers plus noise, so that drawing and not drawing are one computation: the largest of logits
plus Gumbel noise is a draw from their softmax, the sign of a logit plus logistic noise a draw from its
Bernoulli (Gumbel 1954). Noise for all steps is made at once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

__all__ = ["BooleanHead", "CategoricalHead", "GrooveHead", "Head", "NADEHead", "StrokeHead", "make_head"]


class Head(ABC, nn.Module):
    """What all heads share.

    Parameters
    ----------
    depth
        Width of one step.
    width
        How many numbers of the decoder make one step; `depth` if not given.
    choices
        How many of them take noise when a step is drawn; `depth` if not given.
    """

    draws_in_training = True
    """Whether scheduled sampling draws its own steps, rather than taking the likeliest (MUSICVAE.md 3.2)."""

    def __init__(self, depth: int, width: int | None = None, choices: int | None = None) -> None:
        super().__init__()
        self.depth, self.width, self.choices = depth, width or depth, choices or depth

    def noise(
        self, shape: tuple[int, ...], temperature: float, device: torch.device, generator: torch.Generator | None = None
    ) -> Tensor:
        """What is added to `choices` numbers to draw: ``[*shape, choices]``, logistic, times the temperature."""
        u = torch.rand(*shape, self.choices, device=device, generator=generator).clamp_(1e-7, 1 - 1e-7)
        return torch.logit(u).mul_(temperature)

    @abstractmethod
    def choose(self, logits: Tensor, noise: Tensor | None = None) -> Tensor:
        """The code of one step: ``[batch, width]`` and ``[batch, choices]`` or no noise -> ``[batch, ...]``."""

    def feed(self, code: Tensor, table: Tensor) -> Tensor:
        """What a step adds to the next one's gates; `table` is ``[depth, gates]``."""
        return code @ table

    def rows(self, code: Tensor) -> Tensor:
        """Codes ``[..., n]`` as rows ``[..., depth]`` of float32."""
        return code

    @abstractmethod
    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Nats a step, ``[batch, steps]``, of ``[batch, steps, width]`` for rows ``[batch, steps, depth]``."""


class CategoricalHead(Head):
    """One class out of each part, joined as one-hot vectors.

    Parameters
    ----------
    parts
        Number of classes of each part; a single one for the plain head.
    """

    def __init__(self, parts: tuple[int, ...]) -> None:
        super().__init__(sum(parts))
        self.parts = parts

    def noise(
        self, shape: tuple[int, ...], temperature: float, device: torch.device, generator: torch.Generator | None = None
    ) -> Tensor:
        """Gumbel noise, times the temperature."""
        u = torch.rand(*shape, self.choices, device=device, generator=generator)
        return u.clamp_(min=1e-20).log_().neg_().log_().mul_(-temperature)

    def choose(self, logits: Tensor, noise: Tensor | None = None) -> Tensor:
        """Indices into the row of the chosen classes, ``[batch, parts]``; the lowest wins ties."""
        scores = logits if noise is None else logits + noise
        if len(self.parts) == 1:
            return scores.argmax(1, keepdim=True)
        chosen, first = [], 0
        for part in scores.split(self.parts, dim=1):
            chosen.append(part.argmax(1) + first)
            first += part.shape[1]
        return torch.stack(chosen, dim=1)

    def feed(self, code: Tensor, table: Tensor) -> Tensor:
        """The rows of the table that the classes pick, summed over the parts."""
        return table.index_select(0, code[:, 0]) if len(self.parts) == 1 else table[code].sum(1)

    def rows(self, code: Tensor) -> Tensor:
        """One-hot vectors, joined."""
        return torch.zeros(*code.shape[:-1], self.depth, device=code.device).scatter_(-1, code, 1.0)

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Softmax cross entropy, summed over the parts."""
        pairs = zip(logits.float().split(self.parts, dim=-1), target.split(self.parts, dim=-1), strict=True)
        losses = [cross_entropy(a.flatten(0, 1), y.argmax(-1).flatten(), reduction="none") for a, y in pairs]
        return torch.stack(losses).sum(0).view(logits.shape[:2])


class BooleanHead(Head):
    """Bits that do not see each other."""

    def choose(self, logits: Tensor, noise: Tensor | None = None) -> Tensor:
        """Bits whose probability is at least one half, ``[batch, depth]`` of 0 and 1."""
        return ((logits if noise is None else logits + noise) >= 0).float()

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Sigmoid cross entropy, summed over the bits."""
        return binary_cross_entropy_with_logits(logits.float(), target, reduction="none").sum(-1)


class GrooveHead(Head):
    """Hits, velocities (0 to 1) and offsets (-1 to 1) of drums, a third of the row each.

    Only hits are chosen; velocities and offsets are what they are, where nothing is hit as well.
    """

    def __init__(self, depth: int) -> None:
        super().__init__(depth, choices=depth // 3)

    def choose(self, logits: Tensor, noise: Tensor | None = None) -> Tensor:
        """The row itself; a hit is what is likelier than not."""
        hits, velocities, offsets = logits.chunk(3, dim=1)
        hit = (hits if noise is None else hits + noise) > 0
        return torch.cat([hit.to(logits.dtype), torch.sigmoid(velocities), torch.tanh(offsets)], dim=1)

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Cross entropy of the hits plus squared errors of velocities and offsets."""
        hits, velocities, offsets = logits.float().chunk(3, dim=-1)
        y, velocity, offset = target.chunk(3, dim=-1)
        p = torch.sigmoid(hits)
        entropy = -y * torch.log(p + 1e-7) - (1 - y) * torch.log(1 - p + 1e-7)
        errors = (velocity - torch.sigmoid(velocities)) ** 2 + (offset - torch.tanh(offsets)) ** 2
        return (entropy + self._weigh(errors, y)).sum(-1)

    def _weigh(self, errors: Tensor, hits: Tensor) -> Tensor:
        """What errors of velocity and offset cost, given the hits."""
        return errors


class StrokeHead(GrooveHead):
    """Hits, each with its velocity and offset; there is none where nothing is hit.

    Magenta's head learns a velocity of 0 wherever it hits nothing, so that what it says is the velocity times
    the chance of a hit, and its squared errors are those of a normal density of standard deviation 0.7, so
    wide that little of how a drum is struck is learnt. Here errors count at hits alone, as of one of 0.22.
    """

    ERROR_WEIGHT = 10.0

    def choose(self, logits: Tensor, noise: Tensor | None = None) -> Tensor:
        """See `GrooveHead`; velocity and offset 0 where nothing is hit."""
        hits, velocities, offsets = super().choose(logits, noise).chunk(3, dim=1)
        return torch.cat([hits, hits * velocities, hits * offsets], dim=1)

    def _weigh(self, errors: Tensor, hits: Tensor) -> Tensor:
        return self.ERROR_WEIGHT * hits * errors


class NADEHead(Head):
    """Bits that each see the bits before them (neural autoregressive distribution estimator).

    Parameters
    ----------
    depth
        Number of bits.
    hidden
        Hidden units.
    """

    draws_in_training = False

    def __init__(self, depth: int, hidden: int) -> None:
        super().__init__(depth, width=hidden + depth, choices=depth)
        self.hidden = hidden
        self.encode = nn.Parameter(torch.empty(depth, hidden))
        self.decode = nn.Parameter(torch.empty(depth, hidden))
        for weight in (self.encode, self.decode):
            nn.init.trunc_normal_(weight, std=depth**-0.5, a=-2 * depth**-0.5, b=2 * depth**-0.5)

    def choose(self, logits: Tensor, noise: Tensor | None = None) -> Tensor:
        """Bit after bit, those whose probability is at least one half: ``[batch, depth]`` of 0 and 1."""
        a, bias = logits.split([self.hidden, self.depth], dim=1)
        scores = bias if noise is None else bias + noise
        bits = torch.empty_like(scores)
        columns = zip(scores.unbind(1), bits.unbind(1), bits.split(1, dim=1), strict=True)
        for (score, bit, column), encode, decode in zip(columns, self.encode, self.decode, strict=True):
            torch.ge(torch.addmv(score, torch.sigmoid(a), decode), 0, out=bit)
            a = torch.addcmul(a, column, encode)
        return bits

    def step_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Minus the log-likelihood of the bits, each given the true bits before it."""
        a, bias = logits.float().split([self.hidden, self.depth], dim=-1)
        loss = torch.zeros_like(bias[..., 0])
        for i, v in enumerate(target.unbind(-1)):
            p = torch.sigmoid(bias[..., i] + torch.sigmoid(a) @ self.decode[i])
            loss = loss - v * torch.log(p + 1e-6) - (1 - v) * torch.log(1 - p + 1e-6)
            a = a + v[..., None] * self.encode[i]
        return loss


def make_head(kind: str, depth: int, parts: tuple[int, ...] = (), hidden: int = 0) -> Head:
    """The head of that kind (`nn.config.HEADS`) for steps of that width."""
    match kind:
        case "nade":
            return NADEHead(depth, hidden)
        case "boolean":
            return BooleanHead(depth)
        case "groove":
            return GrooveHead(depth)
        case "strokes":
            return StrokeHead(depth)
        case _:
            return CategoricalHead(parts if kind == "multi" else (depth,))
