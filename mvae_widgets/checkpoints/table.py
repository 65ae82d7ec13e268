"""Rows of text as a table: plain for a terminal, HTML for a notebook, which gives it its own look."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Column", "html_table", "text_table"]


# Notebooks let cells break; a name or a number in two lines is hard to read.
SHORT, LONG = "white-space:nowrap", "min-width:14em"


@dataclass(frozen=True)
class Column:
    """One column.

    Parameters
    ----------
    head
        What stands over it.
    about
        The same in more words, shown by a notebook where the pointer rests.
    numbers
        Whether its cells are set to the right.
    long
        Whether its cells may take several lines.
    """

    head: str
    about: str = ""
    numbers: bool = False
    long: bool = False


def text_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> str:
    """Columns two spaces apart, one line a row."""
    cells = [[column.head for column in columns], *rows]
    width = [max(len(row[k]) for row in cells) for k in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        padded = [c.rjust(w) if o.numbers else c.ljust(w) for c, w, o in zip(row, width, columns, strict=True)]
        return "  ".join(padded).rstrip()

    return "\n".join(map(line, cells))


def html_table(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], titles: Sequence[Sequence[str]] | None = None
) -> str:
    """A table without colours or sizes of its own.

    Parameters
    ----------
    columns, rows
        As for `text_table`.
    titles
        For each cell what is shown where the pointer rests; empty for nothing.
    """
    titles = titles or [[""] * len(columns)] * len(rows)

    def cell(tag: str, column: Column, text: str, title: str, scope: str = "") -> str:
        style = f"text-align:{'right' if column.numbers else 'left'};{LONG if column.long else SHORT}"
        hint = f' title="{html.escape(title)}"' if title else ""
        return f'<{tag}{scope}{hint} style="{style}">{html.escape(text)}</{tag}>'

    head = "".join(cell("th", column, column.head, column.about, ' scope="col"') for column in columns)
    body = "".join(
        "<tr>" + "".join(cell("td", *each) for each in zip(columns, row, hints, strict=True)) + "</tr>"
        for row, hints in zip(rows, titles, strict=True)
    )
    return f'<div style="overflow-x:auto"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
