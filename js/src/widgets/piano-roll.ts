import type { Shown } from "../core/bus";
import { followOthers } from "../host/follow";
import { openSession } from "../host/session";
import { pianoRollReader } from "../host/traits";
import { closing, widget } from "../host/widget";
import { PianoRollView } from "../views/piano-roll/view";
import { createPlayer } from "../views/shell";

export default widget(
  (model) => {
    // What a widget that this one follows shows, until the kernel has brought the same.
    let followed: Shown | null = null;
    const session = openSession(
      model,
      pianoRollReader(model, () => followed),
      ({ clip, place }) => ({ clip, place }),
      createPlayer,
    );
    const leave = followOthers(model, (shown) => {
      followed = shown;
      session.touch();
    });
    return closing(session, leave);
  },
  ({ player, actions }, el) => new PianoRollView(el, player, actions),
);
