import type { InterpolationProps, Space } from "../core/interpolation-props";
import { type Aside, Hand, interpolationReader, TABLES } from "../host/interpolation-traits";
import { Later } from "../host/later";
import type { Model } from "../host/model";
import { mountView, openSession, type Session } from "../host/session";
import { InterpolationView } from "../views/interpolation/view";
import { createPlayer, type Player } from "../views/shell";

/** What is heard; then the same step of the other space, and all steps by their distance from it. */
function sounding({ routes, space, step, here }: InterpolationProps) {
  const other = routes[space === "data" ? "latent" : "data"].clips[step];
  const clips = routes[space].clips;
  const far = new Map(clips.map((item, index) => [item, Math.abs(index - step)]));
  const likely = [...clips].sort((a, b) => (far.get(a) ?? 0) - (far.get(b) ?? 0));
  return { clip: here.clip, place: here.place, likely: other ? [here.clip, other, ...likely] : likely };
}

interface Open extends Session<InterpolationProps, Player> {
  readonly hand: Hand;
}

/** Called once a widget model: its views share what is opened here. */
export default () => {
  let session: Open | undefined;
  const open = (model: Model) => {
    if (session) return session;
    const page: Aside = { hand: null };
    const later = new Later(model, TABLES);
    const opened = openSession(model, interpolationReader(model, later, page), sounding, createPlayer);
    const hand = new Hand(page, opened);
    const leave = later.fetch(opened);
    const dispose = () => {
      leave();
      hand.dispose();
      opened.dispose();
    };
    session = { ...opened, hand, dispose };
    return session;
  };
  return {
    initialize({ model }: { model: Model }) {
      open(model);
      return () => {
        session?.dispose();
        session = undefined;
      };
    },
    render({ model, el }: { model: Model; el: HTMLElement }) {
      const { player, actions, reader, saver, hand, channel, work, touched } = open(model);
      const view = new InterpolationView(el, player, work, {
        ...actions,
        move: (position: number) => hand.move(position),
        space: (space: Space) => saver.set("space", space),
        draw: (temperature: number | null, seed: number) =>
          void channel("draw").latest("draw", { temperature, seed }),
      });
      return mountView(model, reader, view, touched);
    },
  };
};
