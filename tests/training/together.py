"""One process of `test_parallel`'s: ``together.py FOLDER UNTIL`` makes updates and saves; the first says the losses."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from mvae_widgets.nn.config import CONFIGS
from mvae_widgets.training.dataset import Source
from mvae_widgets.training.language_model import LanguageTrainer
from mvae_widgets.training.loop import Trainer
from mvae_widgets.training.parallel import Team, join
from mvae_widgets.training.recipes import LanguageRecipe, Recipe

SOURCES = {family: (Source("trio.npz", family, "band"),) for family in ("melody", "trio")}
DRUMS = (Source("drums.npz", "drums", "gmd"),)
RECIPE = Recipe(
    replace(CONFIGS["melody-2bar"], z_size=8, encoder_sizes=(12,), decoder_sizes=(16, 16)),
    SOURCES["melody"],
    steps=6,
    # Shares of 8 and 7.
    batch_size=15,
    learning_rate=1e-2,
    warmup=2,
    free_bits=4.0,
    validate_every=2,
    precision="float32",
)
"""Without scheduled sampling and dropout, whose numbers each process draws for itself."""
LANGUAGE_RECIPE = LanguageRecipe(
    "melody-lm",
    SOURCES["melody"],
    steps=6,
    tokens=480,
    bars=(2,),
    sizes=(16,),
    dropout=0.0,
    learning_rate=1e-2,
    warmup=2,
    validate_every=2,
    precision="float32",
)


def trainer_of(data: Path, folder: Path, team: Team | None = None) -> Trainer | LanguageTrainer:
    """Of the language model in a folder of that name, else of the MusicVAE."""
    if folder.name == "language":
        return LanguageTrainer(LANGUAGE_RECIPE, data, folder, team=team)
    return Trainer(RECIPE, data, folder, team=team)


def train(trainer: Trainer | LanguageTrainer, until: int) -> list[float]:
    """Losses up to a step; saved."""
    losses = []
    while trainer.step < until:
        numbers = trainer.update()
        losses.append(numbers["loss" if "loss" in numbers else "bits"])
    trainer.save()
    return losses


def main() -> None:
    folder, until = Path(sys.argv[1]), int(sys.argv[2])
    team = join("cpu", "float32")
    assert (team.size, team.device, team.kind) == (2, "cpu", "cpu")
    assert team.total({"a": team.rank + 1.0, "b": 10.0}) == {"a": 3.0, "b": 20.0}
    trainer = trainer_of(folder.parent, folder, team)
    trainer._agree()
    losses = train(trainer, until)
    (folder / f"losses-{team.rank}.json").write_text(json.dumps(losses))


if __name__ == "__main__":
    main()
