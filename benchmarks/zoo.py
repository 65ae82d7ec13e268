"""Pages made of the cards that ship with the weights: docs/models.md, a table in README.md, and each card's own page.

``python -m benchmarks.zoo`` writes them anew; ``--check`` only says whether they are as the cards are. The cards
themselves are measured again by ``python -m mvae_widgets.training.card --data DIR MODEL ...``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mvae_widgets.checkpoints.bundles import CARD, WEIGHTS, read_json
from mvae_widgets.checkpoints.bundles import PAGE as CARD_PAGE
from mvae_widgets.checkpoints.catalog import BUILT_IN
from mvae_widgets.training.card import page_of
from mvae_widgets.training.evaluate_tables import beside_table, table
from mvae_widgets.training.page import origin_of
from mvae_widgets.training.paper import figures_for

ROOT = Path(__file__).parent.parent
PAGE, README = ROOT / "docs" / "models.md", ROOT / "README.md"
BEGIN, END = "<!-- by benchmarks.zoo -->", "<!-- so far -->"
MOST_MB = 60
# The order in which they are listed, and the models that are made to be compared with others.
FAMILIES = ("melody", "drums", "groove", "trio", "multitrack")
PAIRS = (("melody-16bar", "melody-16bar-flat"), ("melody-2bar", "melody-2bar-ae"))
PAIR_WORDS = {
    "melody-16bar-flat": "Hierarchical and flat, as many parameters in either decoder",
    "melody-2bar-ae": "With the variational loss and without: the holes",
}

PAIR_NOTES = {
    "melody-16bar-flat": """Both learnt from the same clips: the hierarchical one in {}, the flat one in {} of as many
clips. The hierarchical one began as delay lines, with what melody-2bar knows of a bar, and was taught by it bar by bar
([docs/training.md](training.md)); a flat decoder of this size cannot take that over, and began at random. So this shows
what the hierarchy makes possible, not what it alone is worth.""",
}

Card = Mapping[str, Any]


def main() -> int:
    """Write the pages, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a page is of other cards")
    options = parser.parse_args()
    found = stale()
    if options.check:
        print(*(f"{path} is of other cards." for path in found), sep="\n", end="")
        return bool(found)
    for path, text in found.items():
        path.write_text(text, encoding="utf-8")
        print(f"Written to {path}.")
    return 0


def stale() -> dict[Path, str]:
    """The pages that are not as the cards are, with the text that they should have."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    models = {name: card for name, card in _cards(BUILT_IN).items() if "kind" not in card}
    pages = {
        PAGE: page(),
        README: f"{before}{BEGIN}\n\n{_short(models)}\n\n{END}{after}",
        **{BUILT_IN / name / CARD_PAGE: page_of(card) for name, card in models.items()},
    }
    return {path: text for path, text in pages.items() if path.read_text(encoding="utf-8") != text}


def page(folder: Path = BUILT_IN) -> str:
    """The page for the weights of a folder."""
    cards = _cards(folder)
    models = {name: card for name, card in cards.items() if "kind" not in card}
    sizes = {name: (folder / name / WEIGHTS).stat().st_size / 1e6 for name in cards}
    parts = [
        _INTRO.format(total=sum(sizes.values()), most=MOST_MB, n=len(cards)),
        _overview(models, sizes),
        "## What comes back",
        _RECONSTRUCTION,
        _reconstruction(models),
    ]
    grooves = {name: card for name, card in models.items() if card["family"] == "groove"}
    if grooves:
        parts += ["## Grooves", _GROOVES, _grooves(grooves)]
    parts += ["## What the priors sound like", _PRIORS, _priors(models)]
    for pair in PAIRS:
        if all(name in models and "paths" in models[name] for name in pair):
            done = [f"{_updates(models[name]):,} updates" for name in pair]
            words = [f"## {PAIR_WORDS[pair[1]]}", PAIR_NOTES.get(pair[1], "").format(*done)]
            parts += [*filter(None, words), beside_table([models[name] for name in pair])]
    judges = {name: card for name, card in cards.items() if name not in models}
    if judges:
        parts += ["## The judge of melodies", _JUDGES, _judges(judges, sizes)]
    parts += ["## Data and licences", _DATA, _data(cards), "## Again", _AGAIN]
    return "\n\n".join(parts) + "\n"


def _cards(folder: Path) -> dict[str, Card]:
    """By name, in the order in which they are listed; the judges last."""
    cards = {path.name: read_json(path / CARD) or {} for path in folder.iterdir() if (path / WEIGHTS).is_file()}
    return dict(
        sorted(
            cards.items(),
            key=lambda item: ("kind" in item[1], FAMILIES.index(item[1]["family"]), item[1].get("bars"), item[0]),
        )
    )


def _short(models: Mapping[str, Card]) -> str:
    """One line a model and part, for README.md; grooves and events, which are measured otherwise, left out."""
    rows = []
    for name, card in models.items():
        paper = figures_for(card["family"], card["bars"], card["hierarchical"])
        for group, figures in paper.items():
            have, density = card["measured"][group], card["prior"]["samples"]["note_density"]
            rows.append(
                [
                    f"`{name}`" + (f", {group}" if len(paper) > 1 else ""),
                    f"{have['temperature_1']:.3f} ({figures.temperature_1:.3f})",
                    f"{have['teacher_forced_sampled_z']:.3f} ({figures.teacher_forced_sampled_z:.3f})",
                    f"{have['argmax']:.3f}",
                    f"{have['onset_f1']:.3f}",
                    _three(next((have[key] for key in _BASELINES if key in have), None)),
                    f"{have['kl_bits']:.0f}" if "kl_bits" in have else "-",
                    f"{100 * (density / card['prior']['data']['note_density'] - 1):+.0f} %",
                ]
            )
    heads = ["", "temperature 1 (paper)", "teacher-forced (paper)", "argmax", "onset F1", "baseline", "KL bits"]
    return table([*heads, "density of samples"], rows)


def _updates(card: Card) -> int:
    return int(card["training"].get("updates", card["recipe"]["steps"]))


def _link(name: str) -> str:
    return f"[{name}](../mvae_widgets/weights/{name}/README.md)"


def _overview(models: Mapping[str, Card], sizes: Mapping[str, float]) -> str:
    rows = []
    for name, card in models.items():
        recipe = card["recipe"]
        plain = not recipe.get("variational", True)
        rows.append(
            [
                _link(name),
                f"{card['bars']} bar{'s' if card['bars'] > 1 else ''} of {card['family']}",
                f"{card['parameters'] / 1e6:.1f} M",
                f"{sizes[name]:.1f}",
                recipe["config"]["z_size"],
                "-" if plain else f"{recipe['max_beta']:g}",
                "-" if plain else f"{recipe['free_bits']:g}",
                f"{card['training']['seconds'] / 60:,.0f} min, {card['training']['hardware']}",
                card["licence"],
            ]
        )
    return table(["model", "music", "parameters", "MB", "z", "beta", "free bits", "trained", "licence"], rows)


def _reconstruction(models: Mapping[str, Card]) -> str:
    rows = []
    for name, card in models.items():
        if card["family"] == "groove":
            continue
        paper = figures_for(card["family"], card["bars"], card.get("hierarchical", False))
        for group, have in card["measured"].items():
            figures = paper.get(group)
            baseline = next((have[key] for key in _BASELINES if key in have), None)
            rows.append(
                [
                    _link(name),
                    group,
                    _bracketed(have, "temperature_1"),
                    f"{figures.temperature_1:.3f}" if figures else "",
                    f"{have['temperature_1'] - figures.temperature_1:+.3f}" if figures else "",
                    _bracketed(have, "teacher_forced_sampled_z"),
                    f"{figures.teacher_forced_sampled_z:.3f}" if figures else "",
                    _bracketed(have, "argmax"),
                    _three(have.get("new", {}).get("temperature_1")),
                    _three(baseline),
                    f"{have['kl_bits']:.1f}" if "kl_bits" in have else "-",
                ]
            )
    heads = ["model", "music", "at T = 1", "paper", "difference", "teacher-forced", "paper", "argmax from mu"]
    return table([*heads, "T = 1, new clips only", "baseline", "KL bits"], rows)


def _grooves(models: Mapping[str, Card]) -> str:
    rows = []
    for name, card in models.items():
        for have in card["measured"].values():
            rows.append([_link(name), *(_bracketed(have, key, form) for key, form in _GROOVE_COLUMNS.values())])
    return table(["model", *_GROOVE_COLUMNS], rows)


def _priors(models: Mapping[str, Card]) -> str:
    rows = []
    for name, card in models.items():
        prior, measured = card["prior"], card["prior"]["data"]
        shares = [
            _against(prior, key) if key in measured else "-" for key in ("note_density", "in_scale", "repetition")
        ]
        cost = prior.get("cost")
        rows.append(
            [
                _link(name),
                *shares,
                f"{100 * prior['in_training_set']:.1f} %" if "in_training_set" in prior else "-",
                f"{cost['samples']:.2f} ({cost['data']:.2f})" if cost else "-",
                f"{100 * prior['surprising']:.1f} %" if "surprising" in prior else "-",
            ]
        )
    heads = ["model", "note density", "in scale", "repetition between bars", "found in the training set"]
    return table([*heads, "bits a step for melody-lm (data)", "surprising"], rows)


def _judges(cards: Mapping[str, Card], sizes: Mapping[str, float]) -> str:
    rows = [
        [_link(name), f"{card['parameters'] / 1e6:.1f} M", f"{sizes[name]:.1f}", group, f"{have['bits']:.3f}"]
        for name, card in cards.items()
        for group, have in card["measured"].items()
    ]
    return table(["model", "parameters", "MB", "music", "bits a step"], rows)


def _data(cards: Mapping[str, Card]) -> str:
    found: dict[tuple[str, str, str], list[str]] = {}
    for name, card in cards.items():
        for source in card["sources"]:
            key = (source["collection"], *origin_of(source))
            names = found.setdefault(key, [])
            names += [name] if name not in names else []
    rows = [[*key, ", ".join(names)] for key, names in sorted(found.items())]
    return table(["collection", "from", "licence", "learnt by"], rows)


def _against(prior: Card, name: str) -> str:
    have, want = prior["samples"][name], prior["data"][name]
    return f"{have:.3f} ({want:.3f}, {100 * (have / want - 1):+.0f} %)" if want else f"{have:.3f} ({want:.3f})"


def _bracketed(have: Card, key: str, form: Callable[[float], str] = "{:.3f}".format) -> str:
    if key not in have:
        return "-"
    interval = have.get("interval", {}).get(key)
    return form(have[key]) + (f" [{form(interval[0])}, {form(interval[1])}]" if interval else "")


def _three(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


_BASELINES = ("always_hold", "usual_beat", "always_empty", "usual_event")
_TENTH = "{:.1f}".format
_GROOVE_COLUMNS = {
    "F1 of hits (argmax)": ("hit_f1", "{:.3f}".format),
    "at T = 1": ("hit_f1_temperature_1", "{:.3f}".format),
    "without the model": ("hit_f1_baseline", "{:.3f}".format),
    "timing, ms": ("timing_mae_ms", _TENTH),
    "on the grid": ("fixed_timing_mae_ms", _TENTH),
    "as usual": ("typical_timing_mae_ms", _TENTH),
    "velocity": ("velocity_mae", _TENTH),
    "all as loud": ("fixed_velocity_mae", _TENTH),
    "as loud as usual": ("typical_velocity_mae", _TENTH),
    "KL bits": ("kl_bits", _TENTH),
}
_INTRO = """# Models

Made by `python -m benchmarks.zoo` from the cards of the {n} shipped weights, {total:.1f} MB in half precision, less
than {most} as the wheel packs them (`tests/test_install.py`). The names lead to the cards, which say more. In a
notebook `mvae_widgets.models()` lists these and those that Magenta published."""
_RECONSTRUCTION = """Shares of steps (of drums all nine, of multitracks events) that come back of clips of the test
split, which the models have not learnt from. Decoded freely at temperature 1 from a posterior sample, the paper's
measure; with the true history at hand (teacher-forced); the likeliest from mu. Brackets hold 95 % intervals: whole
tunes or performances drawn a thousand times with replacement. New clips are those that the training clips do not hold
either. The baseline is what always-hold scores, of drums the usual beat. The paper's figures (Roberts et al. 2018,
Table 1) are recalled, not checked with its text, and are of other music, learnt by far larger models."""
_GROOVES = """Timing and velocity (of 127) are mean errors at the drummers' own hits, at 120 beats a minute; beside them
what playing on the grid, or as is usual at that place of the bar, would be off by. Without the model: humanize is told
the hits, so that they all come back; of tap, what is usual at each place of the bar. Neither is far better than what is
usual: a drummer's touch does not go into so few performances."""
_PRIORS = """Samples at temperature 0.5, beside the training data in brackets. Accuracy bought with a loose prior is no
success: density and scale should be within 10 % of the data's, and under 5 % of the samples found in the training set.
Surprising are samples that cost melody-lm more than 99 of 100 clips of the data do."""
_JUDGES = "It has no latent space: it says how surprising a melody is, whoever made it ([docs/latent.md](latent.md))."
_DATA = """All weights are under Apache-2.0. They have learnt only from collections whose licences allow it; the
cards name authors and what was changed. Bass lines, and backing in trios and multitracks, are synthetic but for
freedoom's."""
_AGAIN = """```bash
mvae-widgets evaluate MODEL --data DIR --out FOLDER          # any model, any prepared folder: Markdown and JSON
mvae-widgets evaluate MODEL OTHER --data DIR                 # two beside each other, on the same clips
python -m mvae_widgets.training.card --data DIR MODEL ...    # measure shipped weights again, write their cards anew
python -m benchmarks.zoo                                     # this page
```"""


if __name__ == "__main__":
    sys.exit(main())
