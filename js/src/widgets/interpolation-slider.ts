import type { InterpolationProps, Space } from "../core/interpolation-props";
import { type Aside, Hand, interpolationReader, TABLES } from "../host/interpolation-traits";
import { Later } from "../host/later";
import { openSession } from "../host/session";
import { closing, widget } from "../host/widget";
import { InterpolationView } from "../views/interpolation/view";
import { createPlayer, type MakePlayer } from "../views/shell";

/** What is heard; then the same step of the other space, and all steps by their distance from it. */
function sounding({ routes, space, step, here }: InterpolationProps) {
  const other = routes[space === "data" ? "latent" : "data"].clips[step];
  const clips = routes[space].clips;
  const far = new Map(clips.map((item, index) => [item, Math.abs(index - step)]));
  const likely = [...clips].sort((a, b) => (far.get(a) ?? 0) - (far.get(b) ?? 0));
  return { clip: here.clip, place: here.place, likely: other ? [here.clip, other, ...likely] : likely };
}

export const interpolationSlider = widget(
  (model, makePlayer: MakePlayer) => {
    const page: Aside = { hand: null };
    const later = new Later(model, TABLES);
    const session = openSession(model, interpolationReader(model, later, page), sounding, makePlayer);
    const hand = new Hand(page, session);
    const settle = () => hand.settle();
    model.on("settle", settle);
    const leave = () => model.off("settle", settle);
    return { ...closing(session, later.fetch(session), leave, () => hand.dispose()), hand };
  },
  ({ player, actions, saver, hand, channel, work }, el) =>
    new InterpolationView(el, player, work, {
      ...actions,
      move: (position: number) => hand.move(position),
      space: (space: Space) => saver.set("space", space),
      draw: (temperature: number | null, seed: number) =>
        void channel("draw").latest("draw", { temperature, seed }),
    }),
);

export default () => interpolationSlider(createPlayer);
