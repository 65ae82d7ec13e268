"""Small trainings."""

from __future__ import annotations

import pytest

from mvae_widgets.training import loop


@pytest.fixture(autouse=True)
def few_validation_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks at the validation clips cost more than the updates of a test otherwise."""
    monkeypatch.setattr(loop, "VALIDATION_STEPS", 1024)
