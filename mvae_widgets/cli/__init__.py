"""The command line, ``mvae-widgets COMMAND``: `files` about models, `music` with them, `train`.

Exit codes: 0 done, 1 an error in one line, 2 a command that cannot be understood, 3 `verify` found a deviation past
its tolerance, 130 interrupted.
"""

from __future__ import annotations

import sys
import warnings

from mvae_widgets.cli.arguments import parse
from mvae_widgets.errors import MusicVAEError, MusicVAEWarning

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; errors that a user can mend are one line, without a traceback."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    with warnings.catch_warnings():
        warnings.simplefilter("always", MusicVAEWarning)
        warnings.showwarning = _one_line
        try:
            status: int = options.run(options)
        except MusicVAEError as error:
            print(f"mvae-widgets: {' '.join(str(error).split())}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print(
                "\nmvae-widgets: stopped. The same command goes on with what has arrived or was trained.",
                file=sys.stderr,
            )
            return 130
        except BrokenPipeError:
            # The reader, such as `head`, has seen enough; nothing more may be written, not even at exit.
            sys.stdout = None
            return 0
    return status


def _one_line(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, MusicVAEWarning):
        print(f"mvae-widgets: {' '.join(str(message).split())}", file=sys.stderr)
