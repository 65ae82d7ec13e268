"""What `evaluate` found, as tables to read in Markdown: the same for a card and for several models side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mvae_widgets.training.paper import figures_for

__all__ = [
    "ROWS",
    "beside_paper",
    "beside_table",
    "measured_table",
    "new_table",
    "paths_table",
    "prior_table",
    "report_markdown",
    "table",
]

# A prior is loose where its samples are further from the data, or more of them known.
NEAR, MOST_KNOWN = 0.1, 0.05
# A difference in per cent of next to nothing says nothing.
LEAST_SHARED = 1e-3
Row = tuple[str, str, Callable[[Any], str]]


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def measured_table(groups: Mapping[str, Mapping[str, Any]], seen: bool = True) -> str:
    """Every measure of some groups, one a column, with its 95 % interval."""
    rows = [
        [words, *(_cell(group, key, form) for group in groups.values())]
        for key, words, form in (ROWS if seen else ROWS[:-1])
        if any(key in group for group in groups.values())
    ]
    return table(["", *groups], rows)


def new_table(measured: Mapping[str, Mapping[str, Any]]) -> str:
    """The same of the clips that the training clips do not hold; empty where all or nothing is known of them."""
    new = {name: group["new"] for name, group in measured.items() if "new" in group}
    return measured_table(new, seen=False) if new else ""


def beside_paper(report: Mapping[str, Any]) -> str:
    """The paper's Table 1 beside what was measured; empty for models that it has no like of."""
    rows = []
    for group, figures in figures_for(report["family"], report["bars"], report["hierarchical"]).items():
        if (have := report["measured"].get(group)) is None:
            continue
        for key, words in (("temperature_1", "decoded freely"), ("teacher_forced_sampled_z", "teacher-forced")):
            want = getattr(figures, key)
            rows.append([f"{group}, {words}", _cell(have, key, _share), f"{want:.3f}", f"{have[key] - want:+.3f}"])
    return table(["", report["name"], "paper (recalled)", "difference"], rows) if rows else ""


def prior_table(prior: Mapping[str, Any]) -> str:
    """Samples of the prior beside the music."""
    intervals, costs = prior.get("interval", {}), prior.get("cost")
    rows = []
    for name, want in prior["data"].items():
        have, fitted = prior["samples"][name], prior.get("fitted", {}).get(name)
        shown = _with_interval(f"{have:.3f}", intervals.get(name), _share)
        rows.append([_words(name), shown, _three(fitted), f"{want:.3f}", _difference(have, want)])
    if costs:
        have, fitted, want = costs["samples"], costs["fitted"], costs["data"]
        rows.append([_COST, f"{have:.3f}", _three(fitted), f"{want:.3f}", _difference(have, want)])
        odd = prior["surprising"], prior["surprising_fitted"]
        rows.append([_ODD, f"{odd[0]:.3f}", f"{odd[1]:.3f}", "0.010", _difference(odd[0], 0.01)])
    return table(["mean of", "prior", "Gaussian of the codes", "training data", "prior against data"], rows)


def paths_table(paths: Mapping[str, Any]) -> str:
    """The way between two clips in latent and in data space; empty where there were too few clips."""
    if not paths:
        return ""
    ways = [paths["latent"], paths["data"]]
    rows = [[words, *(_cell(way, key, _share) for way in ways)] for key, words in _PATH_ROWS]
    for name in ways[0]["middle"]:
        values = [f"{way['middle'][name]:.3f} (ends {way['ends'][name]:.3f})" for way in ways]
        rows.append([f"half-way, {_COST if name == 'cost' else _words(name)}", *values])
    return table(["", "latent space", "data space"], rows)


def beside_table(reports: Sequence[Mapping[str, Any]]) -> str:
    """Models in few lines: what is right, what it costs, and how their priors sound."""
    rows: list[list[str]] = []
    for key, words, form in ROWS:
        if key not in _BESIDE:
            continue
        for group in dict.fromkeys(name for report in reports for name in report["measured"]):
            cells = [_cell(report["measured"].get(group, {}), key, form) for report in reports]
            if any(cells):
                rows.append([f"{group}: {words}", *cells])
    for words, find in _PRIOR_LINES:
        cells = [_found(find, report) for report in reports]
        if any(cells):
            rows.append([words, *cells])
    return table(["", *(report["name"] for report in reports)], rows)


def report_markdown(reports: Sequence[Mapping[str, Any]], differences: Mapping[str, Mapping[str, Any]]) -> str:
    """All that was found of one model or several.

    Parameters
    ----------
    reports
        `Report.to_dict` of each.
    differences
        For two models that were measured on the same clips: `Group.difference` of the first and the second, by
        group; otherwise empty.
    """
    first = reports[0]
    parts = [f"# {' beside '.join(report['name'] for report in reports)}", _how(first)]
    if len(reports) > 1:
        parts += ["## Side by side", beside_table(reports)]
    if differences:
        what = f"## {reports[0]['name']} less {reports[1]['name']}, on the same clips"
        parts += [what, measured_table(differences, seen=False)]
    for report in reports:
        title = f": {report['name']}" if len(reports) > 1 else ""
        sections = [
            (f"Measured on the {report['split']} split", measured_table(report["measured"])),
            ("Without the clips that the training clips hold", new_table(report["measured"])),
            ("Beside the paper's Table 1", beside_paper(report)),
            (f"The prior{title and ''}", prior_lines(report["prior"]) + "\n\n" + prior_table(report["prior"])),
            ("The way between two clips", path_lines(report["paths"]) + "\n\n" + paths_table(report["paths"])),
        ]
        parts += [part for name, text in sections if text.strip() for part in (f"## {name}{title}", text)]
    return "\n\n".join(parts) + "\n"


def prior_lines(prior: Mapping[str, Any]) -> str:
    """What the table of the prior does not say."""
    found = f", found in the training set {prior['in_training_set']:.4f}" if "in_training_set" in prior else ""
    how = "at argmax" if prior["temperature"] is None else f"at temperature {prior['temperature']:g}"
    lines = (
        f"{prior['samples_drawn']:,} samples {how}. Of them have at least three onsets "
        f"{prior['at_least_3_onsets']:.3f}{found}."
    )
    if codes := prior.get("codes"):
        lines += (
            f" The codes of the music have deviation {codes['deviation']:.2f} (1 fills the prior), the encoder's noise "
            f"has {codes['sigma']:.3f}; {codes['active']} of {codes['of']} dimensions are used."
        )
    return f"{lines} {_verdict(prior)}"


def _verdict(prior: Mapping[str, Any]) -> str:
    """Whether accuracy was bought with a loose prior."""
    off = {
        words: prior["samples"][name] / prior["data"][name] - 1
        for name, words in (("note_density", "note density"), ("in_scale", "in scale"))
        if prior["data"].get(name)
    }
    near = ", ".join(f"{words} ({share:+.0%})" for words, share in off.items() if abs(share) <= NEAR)
    far = ", ".join(f"{words} ({share:+.0%})" for words, share in off.items() if abs(share) > NEAR)
    lines = [f"Within {NEAR:.0%} of the data: {near or 'nothing'}{f'; not: {far}' if far else ''}."]
    if prior.get("in_training_set", 0.0) >= MOST_KNOWN:
        lines.append(f"More than {MOST_KNOWN:.0%} of the samples are in the training set.")
    return " ".join(lines)


def path_lines(paths: Mapping[str, Any]) -> str:
    """How the ways were walked."""
    if not paths:
        return ""
    return (
        f"{paths['pairs']} random pairs of clips, {paths['places']} places from one to the other. In latent space the "
        "arc between the codes, decoded at argmax; in data space each step from either decoded end by chance. A jump "
        "is the share of steps that differ between neighbouring places."
    )


def _how(report: Mapping[str, Any]) -> str:
    groups = "; ".join(
        f"{name}: {group['clips']:,} of {group.get('of', group['clips']):,} clips, {group.get('tunes', '?')} tunes"
        for name, group in report["measured"].items()
    )
    return (
        f"The {report['split']} split, drawn with seed {report['seed']}: {groups}. Brackets hold 95 % intervals: "
        "tunes (or performances, or samples of the prior) drawn a thousand times with replacement."
    )


def _cell(group: Mapping[str, Any], key: str, form: Callable[[Any], str]) -> str:
    if key not in group:
        return ""
    return _with_interval(form(group[key]), group.get("interval", {}).get(key), form)


def _with_interval(value: str, interval: Sequence[float] | None, form: Callable[[Any], str]) -> str:
    return value if interval is None else f"{value} [{form(interval[0])}, {form(interval[1])}]"


def _difference(have: float, want: float) -> str:
    return f"{100 * (have / want - 1):+.1f} %" if abs(want) > LEAST_SHARED else f"{have - want:+.3f}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _found(find: tuple[str, ...], report: Mapping[str, Any]) -> str:
    value: Any = report
    for key in find:
        if not isinstance(value, Mapping) or key not in value:
            return ""
        value = value[key]
    return f"{value:.3f}"


_share, _TIME = "{:.3f}".format, "{:.2f}".format
_COST = "bits a step for melody-lm"
_ODD = "share more surprising than 99 % of the data"
ROWS: tuple[Row, ...] = (
    ("clips", "clips", "{:,}".format),
    ("tunes", "tunes or performances", "{:,}".format),
    ("teacher_forced", "teacher-forced from mu", _share),
    ("teacher_forced_sampled_z", "teacher-forced from a posterior sample", _share),
    ("temperature_1", "decoded freely at temperature 1 from a posterior sample", _share),
    ("argmax", "decoded freely at argmax from mu", _share),
    ("onset_f1", "onset F1, the right one at the right step (argmax)", _share),
    ("note_f1", "F1 of the notes that sound: step, pitch, instrument (argmax)", _share),
    ("note_f1_no_program", "the same on whatever instrument", _share),
    ("programs_f1", "F1 of the instruments", _share),
    ("length_mae_steps", "length of the notes found, mean error in 24ths of a quarter", _TIME),
    ("velocity_mae_bins", "their loudness, mean error in bins", _TIME),
    ("always_hold", "what always-hold would score", _share),
    ("always_empty", "what silence would score", _share),
    ("usual_beat", "what the usual beat would score, each step as it mostly is in its place of the bar", _share),
    ("usual_event", "what the usual event of each row would score", _share),
    ("hit_f1", "F1 of the hits", _share),
    ("hit_f1_temperature_1", "the same at temperature 1 from a posterior sample", _share),
    ("hit_f1_baseline", "the same without the model", _share),
    ("exact", "exact clips (argmax; of grooves the hits)", _share),
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
    ("typical_timing_mse", "the same as early or late as usual in its place", "{:.4f}".format),
    ("timing_spread", "spread of timing over that of the drummers", _TIME),
    ("kl_bits", "KL bits", "{:.1f}".format),
    ("in_training_set", "share that the training clips hold", _share),
)
_BESIDE = (
    "teacher_forced_sampled_z", "temperature_1", "argmax", "exact", "onset_f1", "always_hold", "always_empty",
    "hit_f1", "hit_f1_temperature_1", "velocity_mae", "timing_mae_ms", "kl_bits",
)  # fmt: skip
_PRIOR_LINES = (
    ("prior samples: note density", ("prior", "samples", "note_density")),
    ("the same in the data", ("prior", "data", "note_density")),
    ("prior samples: in scale", ("prior", "samples", "in_scale")),
    ("the same in the data", ("prior", "data", "in_scale")),
    ("prior samples: pitch range", ("prior", "samples", "pitch_range")),
    ("prior samples: repetition between bars", ("prior", "samples", "repetition")),
    ("the same in the data", ("prior", "data", "repetition")),
    (f"prior samples: {_COST}", ("prior", "cost", "samples")),
    (f"samples of a Gaussian that fits the codes: {_COST}", ("prior", "cost", "fitted")),
    (f"the data: {_COST}", ("prior", "cost", "data")),
    (f"prior samples: {_ODD}", ("prior", "surprising")),
    (f"samples of a Gaussian that fits the codes: {_ODD}", ("prior", "surprising_fitted")),
    ("deviation of the codes (1 fills the prior)", ("prior", "codes", "deviation")),
    ("the encoder's own noise in it", ("prior", "codes", "sigma")),
    (f"half-way between two clips: {_COST}", ("paths", "latent", "middle", "cost")),
    ("largest jump over the mean jump on the way", ("paths", "latent", "unevenness")),
)
_PATH_ROWS = (
    ("jump", "mean jump"),
    ("largest_jump", "largest jump"),
    ("unevenness", "largest over mean jump (1 is even)"),
    ("detour", "all jumps over the distance of the ends (1 is no detour)"),
)
