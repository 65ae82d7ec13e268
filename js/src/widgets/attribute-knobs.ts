import type { AttributeKnobsProps } from "../core/attribute-knobs-props";
import { KnobReader } from "../host/attribute-knobs-traits";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { AttributeKnobsView } from "../views/attribute-knobs/view";
import { createPlayer, type MakePlayer } from "../views/shell";

const sounding = ({ shown, likely }: AttributeKnobsProps) => ({
  clip: shown.clip,
  place: shown.place,
  likely,
  // A knob is turned to hear what it does.
  soon: true,
});

export const attributeKnobs = widget(
  (model, makePlayer: MakePlayer) => {
    const knobs = new KnobReader(model);
    const session = openSession(model, knobs, sounding, makePlayer);
    knobs.open(session);
    return { ...closing(session, () => knobs.dispose()), knobs };
  },
  ({ player, actions, work, knobs }, el) =>
    new AttributeKnobsView(
      el,
      player,
      {
        ...actions,
        turn: (knob: number, value: number) => knobs.turn(knob, value),
        lock: (knob: number, on: boolean) => knobs.lock(knob, on),
        resetAll: () => knobs.resetAll(),
      },
      work,
    ),
);

export default () => attributeKnobs(createPlayer);
