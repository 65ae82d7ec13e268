"""What a run writes down as it goes: a table, and TensorBoard's files beside it where they are wanted."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mvae_widgets.errors import ConfigError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = ["Log"]


class Log:
    """``metrics.csv``, a row a report; with TensorBoard also its event files, in ``tensorboard/``.

    Reports of after the step at which a run is taken up again are dropped: they will come again.

    Parameters
    ----------
    folder
        Of the run.
    step
        The step at which it begins or goes on.
    tensorboard
        Whether TensorBoard is wanted.

    Raises
    ------
    ConfigError
        If TensorBoard is wanted and not installed.
    """

    def __init__(self, folder: Path, step: int, tensorboard: bool = False) -> None:
        self.path = folder / "metrics.csv"
        self.board = _board(folder / "tensorboard", step) if tensorboard else None
        if self.path.exists():
            self._keep_until(step)

    def write(self, step: int, seconds: float, values: Mapping[str, float]) -> None:
        """One report."""
        row = {"step": str(step), "seconds": f"{seconds:.1f}"} | {k: f"{v:.4f}" for k, v in values.items()}
        with self.path.open("a+", newline="", encoding="utf-8") as file:
            file.seek(0)
            columns = next(csv.reader(file), None)
            writer = csv.DictWriter(file, columns or list(row), extrasaction="ignore")
            if columns is None:
                writer.writeheader()
            writer.writerow(row)
        if self.board is not None:
            for name, value in values.items():
                self.board.add_scalar(name, value, step)
            self.board.flush()

    def close(self) -> None:
        """Nothing more will come."""
        if self.board is not None:
            self.board.close()

    def _keep_until(self, step: int) -> None:
        head, *rows = self.path.read_text(encoding="utf-8").splitlines(keepends=True) or [""]
        # The last row of a run that was cut off may be a part of one.
        kept = [row for row in rows if row.endswith("\n") and int(row.split(",")[0]) <= step]
        fresh = self.path.with_suffix(".new")
        fresh.write_text("".join([head, *kept]), encoding="utf-8")
        fresh.replace(self.path)


def _board(folder: Path, step: int) -> SummaryWriter:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise ConfigError("TensorBoard is not installed.", 'Install it: pip install "mvae_widgets[train]"') from error
    return SummaryWriter(str(folder), purge_step=step + 1)
