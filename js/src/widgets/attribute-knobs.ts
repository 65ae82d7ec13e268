import type { AttributeKnobsProps } from "../core/attribute-knobs-props";
import { KnobReader } from "../host/attribute-knobs-traits";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { AttributeKnobsView } from "../views/attribute-knobs/view";
import { createPlayer, type Player } from "../views/shell";

const sounding = ({ shown, likely }: AttributeKnobsProps) => ({
  clip: shown.clip,
  place: shown.place,
  likely,
});

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let opened: { session: Session<AttributeKnobsProps, Player>; knobs: KnobReader } | undefined;
  const open = (model: Model) => {
    if (!opened) {
      const knobs = new KnobReader(model);
      const session = openSession(model, knobs, sounding, createPlayer);
      knobs.open(session);
      opened = { session, knobs };
    }
    return opened;
  };
  return {
    initialize({ model }: { model: Model }) {
      open(model);
      return () => {
        opened?.knobs.dispose();
        opened?.session.dispose();
        opened = undefined;
      };
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { session, knobs } = open(model);
      const actions = {
        ...session.actions,
        turn: (knob: number, value: number) => knobs.turn(knob, value),
        lock: (knob: number, on: boolean) => knobs.lock(knob, on),
        resetAll: () => knobs.resetAll(),
      };
      const view = new AttributeKnobsView(el, session.player, actions, session.work);
      return mountView(model, knobs, view, session.touched);
    },
  };
};
