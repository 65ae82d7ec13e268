"""A model card as a page to read, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mvae_widgets.training.evaluate_tables import (
    beside_paper,
    beside_table,
    measured_table,
    new_table,
    path_lines,
    paths_table,
    prior_lines,
    prior_table,
    table,
)
from mvae_widgets.training.paper import Figures, figures_for, parameters_of

__all__ = ["card_markdown", "origin_of", "sources_table"]


def card_markdown(card: Mapping[str, Any], counterpart: Mapping[str, Any] | None = None) -> str:
    """The page of a MusicVAE's card, as `card.finish` makes it.

    Parameters
    ----------
    card
        Sources, recipe, training, and what `evaluate.Report.to_dict` holds.
    counterpart
        The card of the model that this one is made to be compared with.
    """
    family, recipe = card["family"], card["recipe"]
    plain = not recipe.get("variational", True)
    settings = [[words, _show(recipe[key])] for key, words in _SETTINGS if key in recipe]
    training = _TRAINING.format(
        minutes=card["training"]["seconds"] / 60, precision=recipe["precision"], **{"note": "", **card["training"]}
    )
    sections = [
        ("Recipe", f"{training}\n\n{table(['setting', 'value'], settings)}"),
        ("Measured on the test split", f"{_ABOUT_CLIPS[family].format(**card)} {_ABOUT}\n\n{_measured(card)}"),
        (f"The same without the clips that the training clips hold{_SEEN_HOW.get(family, '')}", _new(card)),
        ("Beside the paper", _paper(card)),
        ("The prior", f"{prior_lines(card['prior'])}\n\n{prior_table(card['prior'])}"),
        ("The way between two clips", f"{path_lines(card['paths'])}\n\n{paths_table(card['paths'])}"),
    ]
    if counterpart is not None:
        words = _HOLES if plain else _COUNTERPART
        other = words.format(name=card["name"], other=counterpart["name"])
        sections.insert(1, ("Holes" if plain else "Side by side", f"{other}\n\n{beside_table([counterpart, card])}"))
    head = _HEAD.format(
        name=card["name"],
        kind="A plain autoencoder, without the variational loss," if plain else "A MusicVAE",
        bars=f"{card['bars']} bar{'s' if card['bars'] > 1 else ''}",
        family=family,
        parameters=card["parameters"],
        sources_table=sources_table(card["sources"]),
        about=_about(card),
        glance=_glance(card),
    )
    return head + "".join(f"\n## {name}\n\n{text.strip()}\n" for name, text in sections if text.strip())


def _show(value: Any) -> str:
    return ("no", "yes")[value] if isinstance(value, bool) else f"{value:,g}"


def _glance(card: Mapping[str, Any]) -> str:
    """What is asked first: how strong the variational loss was, and what z holds."""
    recipe = card["recipe"]
    z = f"{recipe['config']['z_size']} dimensions of z"
    bits = ", ".join(f"{m['kl_bits']:.1f} ({name})" for name, m in card["measured"].items() if "kl_bits" in m)
    if not bits:
        return f"{z}, which is mu itself; no beta, no free bits, no KL."
    filled = " (fewer than in training: filling the prior takes away what was said twice)" * recipe.get(
        "fill_prior", False
    )
    beta = f"beta {recipe['max_beta']:g}, free bits {recipe['free_bits']:g}"
    return f"{beta}, {z}; KL bits on the test split: {bits}{filled}."


def _measured(card: Mapping[str, Any]) -> str:
    return measured_table(card["measured"])


def _new(card: Mapping[str, Any]) -> str:
    return new_table(card["measured"])


def _paper(card: Mapping[str, Any]) -> str:
    """The paper's figures, how far off they are, and what differs; a word where it has no like of this model."""
    figures = figures_for(card["family"], card["bars"], card["hierarchical"])
    shown = {name: line for name, line in figures.items() if name in card["measured"]}
    if not shown:
        return "The paper's Table 1 has no model of this kind."
    behind = [
        f"{name} ({', '.join(words)})"
        for name, line in shown.items()
        if (words := _short_of(card["measured"][name], line))
    ]
    verdict = f"It falls short of the paper in: {'; '.join(behind)}." if behind else "It reaches the paper's figures."
    return f"{beside_paper(card)}\n\n{verdict} {_why(card, next(iter(shown.values())))}"


def _short_of(have: Mapping[str, Any], want: Figures) -> list[str]:
    freely, forced = "decoded freely", "teacher-forced"
    pairs = {freely: "temperature_1", forced: "teacher_forced_sampled_z"}
    return [words for words, key in pairs.items() if have[key] < getattr(want, key)]


def _why(card: Mapping[str, Any], figures: Figures) -> str:
    recipe, training = card["recipe"], card["training"]
    clips = f"{card['training_clips']:,} distinct clips" if card.get("training_clips") else "its clips"
    return (
        f"The paper's model had about {parameters_of(figures.config) / 1e6:,.0f} million parameters (Magenta's "
        f"{figures.config}) and {figures.clips / 1e6:,.1f} million distinct clips to learn from, in "
        f"{figures.updates:,} updates of 512; this one has {card['parameters'] / 1e6:,.1f} million and {clips}, "
        f"in {training.get('updates', recipe['steps']):,} updates of {recipe['batch_size']} on {training['hardware']}."
        " The paper's test data are other music."
    )


def sources_table(sources: Sequence[Mapping[str, Any]]) -> str:
    """What `card.sources_of` found, as a table to read."""
    rows = [
        [
            source["collection"],
            "melody" if source["voice"] == "steps" else source["voice"],
            source["weight"],
            *origin_of(source),
        ]
        for source in sources
    ]
    return table(["collection", "voice", "drawn", "from", "licence"], rows)


def origin_of(source: Mapping[str, Any]) -> tuple[str, str]:
    """Repository and licence of what `card.sources_of` found."""
    name = source["collection"]
    repo = source.get("repo") or _TRIO_REPOS.get(name, "")
    return repo, source.get("licence") or _TRIO_LICENCES.get(name, "")


def _about(card: Mapping[str, Any]) -> str:
    """What the licences ask to be said, and what was not played by people."""
    attributed = [text for name, text in _ATTRIBUTIONS.items() if any(s["collection"] == name for s in card["sources"])]
    voices = {source["voice"] for source in card["sources"]}
    synthetic = [text for voice, text in _SYNTHETIC.items() if voice in voices]
    return "\n\n".join([*synthetic, *attributed])


# The prepared trio file names no repositories; these are those of its README.
_TRIO_REPOS = {"freedoom": "freedoom/freedoom"} | dict.fromkeys(
    ("airds", "oneills", "ryans"), "cuthbertLab/music21 (tunes)"
)
_TRIO_LICENCES = {"freedoom": "BSD-3-Clause"} | dict.fromkeys(("airds", "oneills", "ryans"), "public-domain tunes")
_SETTINGS = (
    ("steps", "updates, at most"),
    ("batch_size", "clips each"),
    ("transpose", "semitones of transposition"),
    ("cross", "share of clips with some drums of another"),
    ("loudness", "played louder or softer by up to"),
    ("learning_rate", "Adam rate"),
    ("min_learning_rate", "falling to"),
    ("max_beta", "beta"),
    ("beta_rate", "beta rate"),
    ("free_bits", "free bits"),
    ("sampling_rate", "scheduled sampling"),
    ("token_dropout", "token dropout"),
    ("grad_clip", "gradient norm"),
    ("validate_every", "updates between two looks at the validation clips (0: none, the last weights)"),
    ("delay_lines", "upper level begun as delay lines"),
    ("fill_prior", "codes brought to fill the prior in the end"),
)
_SEEN_HOW = {"melody": " in some key", "groove": " with the same hits"}
_MMA = "made with Musical MIDI Accompaniment 21.09"
_SYNTHETIC = {
    "bass": f"""The bass lines of all collections but freedoom are synthetic: backing {_MMA} under the
tunes of these books.""",
    "trio": f"""The backing of all collections but freedoom is synthetic: bass and drums {_MMA} under the tunes of
these books, with chords from a small harmoniser.""",
    "multitrack": f"""All collections but freedoom are synthetic arrangements: human tunes over backing {_MMA}, with
chords from a small harmoniser.""",
}
_ATTRIBUTIONS = {
    "gmd": """The Groove MIDI Dataset is by Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck and David Bamman
("Learning to Groove with Inverse Sequence Transformations", ICML 2019; https://magenta.withgoogle.com/datasets/groove),
made available by Google LLC under the Creative Commons Attribution 4.0 International licence
(https://creativecommons.org/licenses/by/4.0/). It was changed for this use: performances in 4/4 were put on a grid of
16ths, their drums into nine classes, and cut into clips.""",
    "cre": """The tunes of Ceol Rince na hÉireann (cre) are those of polifonia-project/folk_ngram_analysis on GitHub,
under the Creative Commons Attribution 4.0 International licence (https://creativecommons.org/licenses/by/4.0/). They
were changed for this use: put on a grid of 16ths and cut into clips.""",
}
_ABOUT_CLIPS = {
    "melody": """Clips are distinct windows of {bars} bars with at least three onsets. The collections held out were
never learnt from. The splits keep tunes apart, but short patterns recur, above all in the synthetic bass lines.""",
    "drums": """Clips are distinct windows of {bars} bars, those of the dataset's own test split. A step is right if
all nine drums are. The splits keep performances apart, but patterns recur.""",
    "groove": """Clips are windows of {bars} bars, those of the dataset's own test split. Velocity and timing are
compared with the drummers' own hits given.""",
    "trio": "Clips are distinct windows of {bars} bars with all three parts in at least three bars of four.",
    "multitrack": """Clips are distinct bars of up to eight tracks, compared event by event, and note by note as they
sound.""",
}
_ABOUT = """Brackets hold 95 % intervals: whole tunes or performances drawn a thousand times with replacement, since
windows of one are alike."""
_TRAINING = "{started_from} {minutes:,.0f} minutes in {precision} on {hardware}, {note}."
_COUNTERPART = "{name} is made to be compared with {other}; the same data, the same measures."
_HOLES = """Without the variational loss nothing asks the codes to fill the prior: between them are holes, which decode
to anything. {name} has the shape and the data of {other}. It gives back what it is given; what it makes at
random places is worse, measured by a language model of melodies that knows neither. So as not to blame it for the
scale of its codes alone, samples of a Gaussian that fits them are shown as well."""
_HEAD = """# {name}

{kind} of {bars} of {family}, {parameters:,} parameters, stored in half precision: {glance}

Licence of the weights: Apache-2.0. They were trained only on collections whose licences allow it:

{sources_table}

{about}
"""
