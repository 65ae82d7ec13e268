/** Recording: a bar is counted, then what is played on a MIDI keyboard or the computer's becomes notes. */

import { listenMidi } from "../../audio/midi-in";
import type { Note } from "../../core/clip";
import * as edits from "../../core/edits";
import { FINEST, snapNear } from "../../core/edits-grid";
import { drumPitch } from "../../core/pitch";
import type { Playing } from "../shell";
import type { Editor } from "./editor";

/** The two rows of the computer's keyboard as a piano: by place, whatever letters are on the keys. */
const KEYS = [
  "KeyA",
  "KeyW",
  "KeyS",
  "KeyE",
  "KeyD",
  "KeyF",
  "KeyT",
  "KeyG",
  "KeyY",
  "KeyH",
  "KeyU",
  "KeyJ",
  "KeyK",
  "KeyO",
  "KeyL",
];
/** The lower of them as nine drums. */
const DRUM_KEYS = ["KeyA", "KeyS", "KeyD", "KeyF", "KeyG", "KeyH", "KeyJ", "KeyK", "KeyL"];
const VELOCITY = 96;
/** Quarters by which a note may come before the first beat and still be meant for it. */
const EARLY = 0.5;

export type Recording =
  | { readonly kind: "off" }
  /** `keyboards` is null without MIDI, or until it has been asked for. */
  | { readonly kind: "counting" | "on"; readonly keyboards: number | null };

interface Held {
  readonly pitch: number;
  readonly velocity: number;
  readonly start: number;
}

export class Recorder {
  readonly #editor: Editor;
  readonly #player: Pick<Playing, "play" | "pause" | "playing" | "position" | "quarterAt">;
  readonly #hear: (note: Note) => void;
  readonly #changed: () => void;
  state: Recording = { kind: "off" };
  #octave = 5;
  #start = 0;
  #draft: edits.Draft | null = null;
  #recorded = new Set<Note>();
  readonly #held = new Map<string, Held>();
  /** Counts recordings: what a former one still waits for is not for this one. */
  #turn = 0;
  #leaveMidi = () => {};
  /** Who hears the MIDI keyboards: a question for leave that nobody answers must not keep a closed roll alive. */
  #ear: { of: Recorder | null } = { of: null };

  constructor(
    editor: Editor,
    player: Pick<Playing, "play" | "pause" | "playing" | "position" | "quarterAt">,
    hear: (note: Note) => void,
    changed: () => void,
  ) {
    this.#editor = editor;
    this.#player = player;
    this.#hear = hear;
    this.#changed = changed;
  }

  get on(): boolean {
    return this.state.kind !== "off";
  }

  toggle(): void {
    if (this.on) this.stop();
    else void this.start();
  }

  async start(): Promise<void> {
    const turn = ++this.#turn;
    this.#player.pause();
    this.#start = this.#player.position;
    if (this.#start >= this.#editor.bounds.quarters - 1e-6) this.#start = 0;
    this.#draft = { ...this.#editor.base, selected: new Set() };
    this.#recorded = new Set();
    this.#say({ kind: "counting", keyboards: null });
    this.#listen(turn);
    await this.#player.play({ countIn: true });
    if (turn !== this.#turn) return;
    if (this.#player.playing) this.#say({ ...this.state, kind: "on" } as Recording);
    else this.stop();
  }

  /** Ends the recording; what was played is one undo step. */
  stop(): void {
    if (!this.on) return;
    this.#turn++;
    const now = performance.now();
    for (const name of [...this.#held.keys()]) this.#release(name, now);
    const draft = this.#draft;
    this.#draft = null;
    this.state = { kind: "off" };
    this.#deafen();
    this.#player.pause();
    if (draft && this.#recorded.size > 0) {
      const selected = new Set(draft.notes.filter((note) => this.#recorded.has(note)));
      this.#editor.commit({ notes: draft.notes, selected });
    } else this.#editor.preview(null);
    this.#changed();
  }

  /** The player stopped: at the end of the clip, or by its button. */
  heard(): void {
    if (this.state.kind === "on" && !this.#player.playing) this.stop();
  }

  /** A key of the computer's keyboard; gives back whether it plays. */
  key(event: KeyboardEvent, down: boolean): boolean {
    if (!this.on || event.ctrlKey || event.metaKey || event.altKey) return false;
    const octave = { KeyZ: -1, KeyX: 1 }[event.code];
    const pitch = this.#pitchOf(event.code);
    if (octave === undefined && pitch === undefined) return false;
    event.preventDefault();
    event.stopPropagation();
    if (event.repeat) return true;
    if (octave !== undefined) {
      if (down) this.#octave = Math.max(1, Math.min(9, this.#octave + octave));
    } else if (down) this.#press(event.code, pitch as number, VELOCITY, event.timeStamp);
    else this.#release(event.code, event.timeStamp);
    return true;
  }

  dispose(): void {
    this.#turn++;
    this.#deafen();
  }

  #pitchOf(code: string): number | undefined {
    if (this.#editor.active.drum) {
      const index = DRUM_KEYS.indexOf(code);
      return index < 0 ? undefined : drumPitch(index);
    }
    const above = KEYS.indexOf(code);
    return above < 0 ? undefined : Math.min(127, 12 * this.#octave + above);
  }

  #listen(turn: number): void {
    const ear: { of: Recorder | null } = { of: this };
    this.#ear = ear;
    const asked = listenMidi({
      pressed: (pitch, velocity, time) => {
        if (ear.of) ear.of.#press(`midi ${pitch}`, pitch, velocity, time);
      },
      released: (pitch, time) => {
        if (ear.of) ear.of.#release(`midi ${pitch}`, time);
      },
    });
    void asked.then(({ keyboards, leave }) => {
      const recorder = ear.of;
      if (!recorder || turn !== recorder.#turn) return leave();
      recorder.#leaveMidi = leave;
      recorder.#say({ ...recorder.state, keyboards } as Recording);
    });
  }

  #deafen(): void {
    this.#ear.of = null;
    this.#leaveMidi();
    this.#leaveMidi = () => {};
  }

  #press(name: string, pitch: number, velocity: number, time: number): void {
    if (!this.on) return;
    this.#release(name, time);
    this.#hear(this.#editor.note(0, 1, pitch, velocity));
    const start = this.#at(time);
    if (start !== undefined && start >= this.#start - EARLY)
      this.#held.set(name, { pitch, velocity, start: Math.max(this.#start, start) });
  }

  #release(name: string, time: number): void {
    const held = this.#held.get(name);
    this.#held.delete(name);
    if (!held || !this.#draft) return;
    const editor = this.#editor;
    const { meter, snap, bounds } = editor;
    const last = Math.max(0, bounds.quarters - FINEST);
    const start = Math.min(last, snapNear(meter, snap, held.start));
    // Nothing plays any more: it was stopped where the playhead stands, or the clip has ended.
    const stopped = this.#player.position > held.start ? this.#player.position : bounds.quarters;
    const heard = this.#at(time) ?? stopped;
    // Where it loops, a key that is held over the end ends there.
    const end = heard < held.start ? bounds.quarters : snapNear(meter, snap, heard);
    const least = Math.min(bounds.quarters, start + (snap === "off" ? FINEST : editor.cell(start)));
    const note = editor.note(
      start,
      Math.min(bounds.quarters, Math.max(least, end)),
      held.pitch,
      held.velocity,
    );
    this.#draft = edits.add(this.#draft, note, bounds);
    this.#recorded.add(note);
    editor.preview(this.#draft);
  }

  /** The quarter that is heard at a time, where music is or is about to be. */
  #at(time: number): number | undefined {
    return this.#player.quarterAt(time);
  }

  #say(state: Recording): void {
    this.state = state;
    this.#changed();
  }
}
