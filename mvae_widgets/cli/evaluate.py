"""The command that measures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from mvae_widgets.checks import needs_torch, number
from mvae_widgets.whole_files import write_text

__all__ = ["evaluate"]

NAME = "evaluation"


def evaluate(options: argparse.Namespace) -> int:
    """Measure models and print one table; with ``--out`` also write it as Markdown and JSON."""
    needs_torch("Measuring")
    from mvae_widgets.nn.torch_backend import device_for
    from mvae_widgets.training import evaluate as measuring
    from mvae_widgets.training.evaluate_models import subject_of
    from mvae_widgets.training.evaluate_tables import report_markdown

    temperature = options.temperature
    scope = measuring.Scope(
        options.split,
        options.clips,
        options.samples,
        options.pairs,
        None if temperature is None else number(temperature, "The temperature", above=0),
        options.seed,
        not options.quiet,
    )
    device = str(device_for(options.device))
    subjects = [subject_of(name, device) for name in options.models]
    reports = [measuring.evaluate(s.model, options.data, s.learnt, scope, s.name) for s in subjects]
    differences = _differences(reports, options.seed) if len(reports) == 2 else {}
    found = [report.to_dict() for report in reports]
    page = report_markdown(found, differences)
    print(page)
    if options.out is not None:
        _write(options.out, {"md": page, "json": json.dumps({"models": found, "differences": differences}, indent=1)})
    return 0


def _differences(reports: list[Any], seed: int) -> dict[str, Any]:
    """Of two models, group by group, where both were measured on the same clips."""
    one, other = reports
    shared = {name: (group, other.groups[name]) for name, group in one.groups.items() if name in other.groups}
    return {
        name: mine.difference(theirs, seed)
        for name, (mine, theirs) in shared.items()
        if one.config.steps == other.config.steps and mine.tunes.tolist() == theirs.tunes.tolist()
    }


def _write(folder: Path, texts: dict[str, str]) -> None:
    for suffix, text in texts.items():
        path = write_text(folder / f"{NAME}.{suffix}", text.rstrip() + "\n")
        print(f"Written to {path}.")
