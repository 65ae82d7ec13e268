/** What the views of one model share, and how a view lives on a model. */

import type { Clip } from "../core/clip";
import type { Emitter } from "../core/emitter";
import type { CommonActions, CommonProps } from "../core/props";
import type { Model } from "./model";
import { fetchAsset, Rpc } from "./rpc";
import { Saver } from "./saver";
import type { Reader } from "./traits";

export interface Sounding {
  readonly clip: Clip;
  /** Clips likely to be asked for next, the likeliest first. */
  readonly likely?: readonly Clip[];
}

type Programme = Sounding & Pick<CommonProps, "tempo" | "loop" | "volume">;

/** What a session needs of a player. */
interface Sound {
  readonly changed: Emitter;
  readonly playing: boolean;
  play(): Promise<void>;
  pause(): void;
  set(programme: Programme): void;
  dispose(): void;
}

export interface Session<Props, Player> {
  readonly player: Player;
  readonly saver: Saver;
  readonly actions: CommonActions;
  readonly reader: Reader<Props>;
  dispose(): void;
}

/** Runs once for all calls within one turn: a message from the kernel changes several traits. */
function together(run: () => void): () => void {
  let due = false;
  return () => {
    if (due) return;
    due = true;
    queueMicrotask(() => {
      due = false;
      run();
    });
  };
}

function listen(model: Model, traits: readonly string[], listener: () => void): () => void {
  for (const trait of traits) model.on(`change:${trait}`, listener);
  return () => {
    for (const trait of traits) model.off(`change:${trait}`, listener);
  };
}

/** Opens a model: its way to the kernel, its player, and `playing`, which goes both ways. */
export function openSession<Props extends CommonProps, Player extends Sound>(
  model: Model,
  reader: Reader<Props>,
  sounding: (props: Props) => Sounding,
  createPlayer: (assets: (name: string) => Promise<ArrayBuffer>, programme: Programme) => Player,
): Session<Props, Player> {
  const rpc = new Rpc(model);
  const saver = new Saver(model);
  const programme = (): Programme => {
    const props = reader.read();
    return { ...sounding(props), tempo: props.tempo, loop: props.loop, volume: props.volume };
  };
  const player = createPlayer((name) => fetchAsset(rpc, name), programme());
  const obey = () => {
    const wanted = model.get("playing") === true;
    if (wanted && !player.playing) void player.play();
    else if (!wanted && player.playing) player.pause();
  };
  const save = (name: string) => (value: unknown) => saver.set(name, value);
  // A notebook that was saved while it played does not start by itself.
  saver.set("playing", false);
  const leave = [
    player.changed.on(() => saver.set("playing", player.playing)),
    listen(
      model,
      reader.traits,
      together(() => player.set(programme())),
    ),
    listen(model, ["playing"], obey),
  ];
  return {
    player,
    saver,
    reader,
    actions: { tempo: save("tempo"), volume: save("volume"), loop: save("loop") },
    dispose() {
      player.dispose();
      for (const off of leave) off();
      saver.dispose();
      rpc.dispose();
    },
  };
}

/** Shows a view: draws it now, and after every change of the model until it is disposed of. */
export function mountView<Props>(
  model: Model,
  reader: Reader<Props>,
  view: { update(props: Props): void; dispose(): void },
): () => void {
  let gone = false;
  const draw = () => {
    if (!gone) view.update(reader.read());
  };
  const off = listen(model, reader.traits, together(draw));
  draw();
  return () => {
    gone = true;
    off();
    view.dispose();
  };
}
