"""Links from the kernel's side."""

from __future__ import annotations

from typing import Any

import pytest

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError


def test_what_is_picked_is_shown(model: Any, reel: Any, air: Any) -> None:
    slider = mv.InterpolationSlider(model, reel, air, steps=3)
    one, two = mv.PianoRoll(air), mv.PianoRoll(air, model)
    link = mv.link(slider, one, two)
    assert one.sequence == two.sequence == slider.sequences[0], "the link begins with what the leader shows"
    slider.value = 1.0
    assert one.sequence == two.sequence == slider.sequences[2]
    assert two._place == pytest.approx(model.place(slider.z)[0].tolist()), "coloured by the leader's own z"
    link.unlink()
    slider.value = 0.0
    assert one.sequence == slider.sequences[2]
    assert one._follows == two._follows == []


def test_another_model_gets_no_z(model: Any, reel: Any, air: Any) -> None:
    slider = mv.InterpolationSlider(model, reel, air, steps=3)
    other = mv.PianoRoll(air, mv.load("melody-2bar", device="cpu"))
    heard: list[Any] = []
    other.show = lambda sequence, z=None: heard.append(z)  # type: ignore[method-assign]
    mv.link(slider, other)
    assert heard == [None]


def test_two_that_follow_each_other_do_not_go_round(reel: Any, air: Any) -> None:
    a, b = mv.PianoRoll(reel), mv.PianoRoll(reel)
    mv.link(a, b)
    mv.link(b, a)
    a.sequence = air
    assert b.sequence == air
    b.sequence = reel
    assert a.sequence == reel


def test_a_follower_that_fails_says_so_and_the_others_follow(reel: Any, air: Any) -> None:
    class Broken(mv.PianoRoll):
        def show(self, sequence: Any, z: Any = None) -> None:
            raise ConfigError("This one is broken.", "Leave it.")

    source, broken, whole = mv.PianoRoll(reel), Broken(reel), mv.PianoRoll(reel)
    mv.link(source, broken, whole)
    source.sequence = air
    assert broken._status["text"] == "This one is broken."
    assert whole.sequence == air


@pytest.mark.parametrize("widgets", [("roll",), ("roll", "roll"), ("roll", 3), ("text", "roll")])
def test_what_cannot_be_linked_is_refused(reel: Any, widgets: tuple[Any, ...]) -> None:
    roll = mv.PianoRoll(reel)
    given = [roll if w == "roll" else w for w in widgets]
    with pytest.raises(ConfigError):
        mv.link(*given)
