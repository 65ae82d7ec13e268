import { followOthers } from "../host/follow";
import { RollModel } from "../host/piano-roll-traits";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { PianoRollView } from "../views/piano-roll/view";
import { createPlayer, type MakePlayer } from "../views/shell";

export const pianoRoll = widget(
  (model, makePlayer: MakePlayer) => {
    const roll = new RollModel(model);
    const session = openSession(
      model,
      roll.reader,
      // What is drawn is heard at once, and not from the next bar line.
      ({ clip, place, edit }) => ({ clip, place, soon: edit }),
      makePlayer,
    );
    roll.join(session);
    const leave = followOthers(model, (shown) => roll.follow(shown));
    const close = closing(session, leave, () => roll.dispose());
    return { ...close, actions: roll.actions(session.actions) };
  },
  ({ player, actions, work }, el) => new PianoRollView(el, player, actions, work),
);

export default () => pianoRoll(createPlayer);
