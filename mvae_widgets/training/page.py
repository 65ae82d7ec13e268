"""A model card as a page to read, in Markdown."""

from __future__ import annotations

from typing import Any

__all__ = ["card_markdown", "sources_table", "table"]


def card_markdown(card: dict[str, Any]) -> str:
    """The page of a MusicVAE's card, as `card.finish` makes it."""
    prior, measured = card["prior"], card["measured"]
    attributes = [
        [name.replace("_", " "), f"{have:.3f}", f"{want:.3f}", _difference(have, want)]
        for name, have, want in ((name, prior["samples"][name], prior["data"][name]) for name in prior["data"])
    ]
    new = {name: group["new"] for name, group in measured.items() if "new" in group}
    settings = [[words, f"{card['recipe'][key]:,g}"] for key, words in _SETTINGS if key in card["recipe"]]
    return _PAGE.format(
        **card,
        settings_table=table(["setting", "value"], settings),
        minutes=card["training"]["seconds"] / 60,
        sources_table=sources_table(card["sources"]),
        about_sources=_ABOUT_SOURCES[card["family"]],
        about_clips=_ABOUT_CLIPS[card["family"]].format(**card),
        measured_table=table(["", *measured], _measures(measured, (*_ROWS, _SEEN))),
        new_table=table(["", *new], _measures(new, _ROWS)),
        seen_how=_SEEN_HOW.get(card["family"], ""),
        prior_table=table(["mean of", "samples", "training data", "difference"], attributes),
    )


def _difference(have: float, want: float) -> str:
    return f"{100 * (have / want - 1):+.1f} %" if abs(want) > LEAST_SHARED else f"{have - want:+.3f}"


def _measures(groups: dict[str, dict[str, Any]], rows: tuple[Any, ...]) -> list[list[str]]:
    """The rows that there are; with a margin where there is one."""

    def cell(group: dict[str, Any], key: str, form: Any) -> str:
        if key not in group:
            return ""
        margin = group.get("margin", {}).get(key)
        return f"{form(group[key])}{'' if margin is None else f' ± {margin:.3f}'}"

    return [
        [words, *(cell(group, key, form) for group in groups.values())]
        for key, words, form in rows
        if any(key in group for group in groups.values())
    ]


def sources_table(sources: list[dict[str, Any]]) -> str:
    """What `card.sources_of` found, as a table to read."""
    rows = [
        [
            source["collection"],
            "melody" if source["voice"] == "steps" else source["voice"],
            source["weight"],
            source.get("repo") or _TRIO_REPOS.get(source["collection"], ""),
            source.get("licence") or _TRIO_LICENCES.get(source["collection"], ""),
        ]
        for source in sources
    ]
    return table(["collection", "voice", "drawn", "from", "licence"], rows)


def table(head: list[str], rows: list[list[Any]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


# A difference in per cent of next to nothing says nothing.
LEAST_SHARED = 1e-3
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
)
_SHARE, _TIME = "{:.3f}".format, "{:.2f}".format
_ROWS = (
    ("clips", "clips", "{:,}".format),
    ("teacher_forced", "teacher-forced from mu", _SHARE),
    ("teacher_forced_sampled_z", "teacher-forced from a posterior sample", _SHARE),
    ("temperature_1", "decoded freely at temperature 1 from a posterior sample", _SHARE),
    ("argmax", "decoded freely at argmax from mu", _SHARE),
    ("exact", "exact clips (argmax)", _SHARE),
    ("onset_f1", "onset F1, the right one at the right step (argmax)", _SHARE),
    ("always_hold", "what always-hold would score", _SHARE),
    ("always_empty", "what silence would score", _SHARE),
    ("hit_f1", "F1 of the hits", _SHARE),
    ("hit_f1_temperature_1", "the same at temperature 1 from a posterior sample", _SHARE),
    ("hit_f1_baseline", "the same without the model", _SHARE),
    ("velocity_mae", "velocity, mean error (of 127)", _TIME),
    ("fixed_velocity_mae", "the same if every hit is as loud", _TIME),
    ("typical_velocity_mae", "the same if every hit is as loud as usual in its place", _TIME),
    ("velocity_rmse", "velocity, root of mean squared error", _TIME),
    ("fixed_velocity_rmse", "the same if every hit is as loud", _TIME),
    ("typical_velocity_rmse", "the same if every hit is as loud as usual in its place", _TIME),
    ("velocity_spread", "spread of velocities over that of the drummers", _TIME),
    ("timing_mae_ms", "timing, mean error in ms at 120 beats a minute", _TIME),
    ("fixed_timing_mae_ms", "the same exactly on the grid", _TIME),
    ("typical_timing_mae_ms", "the same as early or late as usual in its place", _TIME),
    ("timing_mse", "timing, mean squared error in 16ths", "{:.4f}".format),
    ("fixed_timing_mse", "the same exactly on the grid", "{:.4f}".format),
    ("timing_spread", "spread of timing over that of the drummers", _TIME),
    ("kl_bits", "KL bits", "{:.1f}".format),
)
_SEEN = ("in_training_set", "share that the training clips hold", _SHARE)
_SEEN_HOW = {"melody": " in some key", "groove": " with the same hits"}
_SYNTHETIC = """The bass lines of all collections but freedoom are synthetic: backing made with Musical MIDI
Accompaniment 21.09 under the tunes of these books."""
_GMD = """The Groove MIDI Dataset is by Jon Gillick, Adam Roberts, Jesse Engel, Douglas Eck and David Bamman
("Learning to Groove with Inverse Sequence Transformations", ICML 2019; https://magenta.withgoogle.com/datasets/groove),
made available by Google LLC under the Creative Commons Attribution 4.0 International licence
(https://creativecommons.org/licenses/by/4.0/). It was changed for this use: performances in 4/4 were put on a grid of
16ths, their drums into nine classes, and cut into clips."""
_ABOUT_SOURCES = {
    "melody": _SYNTHETIC,
    "drums": _GMD,
    "groove": _GMD,
    "trio": """The backing of all collections but freedoom is synthetic: bass and drums made with Musical MIDI
Accompaniment 21.09 under the tunes of these books.""",
}
_ABOUT_CLIPS = {
    "melody": """Clips are distinct windows of {bars} bars with at least three onsets. The collections held out were
never learnt from. The splits keep tunes apart, but short patterns recur, above all in the synthetic bass lines.""",
    "drums": """Clips are distinct windows of {bars} bars, those of the dataset's own test split. A step is right if
all nine drums are. The splits keep performances apart, but patterns recur.""",
    "groove": """Clips are windows of {bars} bars, those of the dataset's own test split. Velocity and timing are
compared at the drummers' hits.""",
    "trio": "Clips are distinct windows of {bars} bars with all three parts in at least three bars of four.",
}
_PAGE = """# {name}

A MusicVAE of {bars} bars of {family}, {parameters:,} parameters, stored in half precision.
Licence of the weights: Apache-2.0. They were trained only on collections whose licences allow it:

{sources_table}

{about_sources}

## Recipe

{training[started_from]} {minutes:.0f} minutes in {recipe[precision]} on {training[hardware]}, {training[note]}.

{settings_table}

## Measured on the test split

{about_clips}

{measured_table}

The same without the clips that the training clips hold{seen_how}:

{new_table}

## The prior: {prior[samples_drawn]:,} samples at temperature {prior[temperature]:g}

At least three onsets: {prior[at_least_3_onsets]:.3f} of the samples. Found in the training set{seen_how}:
{prior[in_training_set]:.4f}.

{prior_table}
"""
