import { openSession } from "../host/session";
import { type Bundle, StudioParts } from "../host/studio-parts";
import { SONG, StudioModel } from "../host/studio-traits";
import { closing, widget } from "../host/widget";
import { createSeats, type MakePlayer } from "../views/shell";
import { StudioView } from "../views/studio/view";
import { attributeKnobs } from "./attribute-knobs";
import { compare } from "./compare";
import { interpolationPad } from "./interpolation-pad";
import { interpolationSlider } from "./interpolation-slider";
import { latentScatter } from "./latent-scatter";
import { pianoRoll } from "./piano-roll";

const KINDS: Readonly<Record<string, (makePlayer: MakePlayer) => Bundle>> = {
  map: latentScatter,
  pad: interpolationPad,
  roll: pianoRoll,
  slider: interpolationSlider,
  knobs: attributeKnobs,
  compare,
};

export const studio = widget(
  (model, makeSeats: typeof createSeats) => {
    const own = new StudioModel(model);
    // The seats hold what the parts sound; the song is the Studio's own.
    const sounding = ({ song }: ReturnType<typeof own.reader.read>) => ({ clip: song.clip });
    const session = openSession(model, own.reader, sounding, makeSeats);
    own.join(session);
    const seats = session.player;
    seats.within = (quarter) => own.within(quarter);
    if (model.get("_hears") === "song") seats.lead(SONG);
    const parts = new StudioParts(model, own, KINDS);
    own.after(() => parts.settled());
    void parts.open(session, (name) => seats.seat(name));
    const leave = [
      seats.brought.on((brought) => own.follow(brought)),
      seats.changed.on(() => session.saver.set("_hears", seats.leader === SONG ? "song" : "clip")),
      () => parts.dispose(),
    ];
    return { ...closing(session, ...leave), actions: own.actions(session.actions), parts };
  },
  ({ player, actions, work, parts }, el) => new StudioView(el, player, actions, work, parts),
);

export default () => studio(createSeats);
