/** The MIDI outputs that a reader chooses from, and what keeps them away. */

import {
  chooseMidi,
  chosenMidi,
  hasMidi,
  type MidiChoice,
  midiChanged,
  midiOutputs,
} from "../audio/midi-outputs";
import type { MoreState } from "../ui/more-panel";

export class MidiMenu {
  readonly #changed: () => void;
  readonly #leave: () => void;
  #outputs: readonly MidiChoice[] = [];
  #trouble: "none" | "refused" | null = null;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#leave = midiChanged(changed);
  }

  get state(): MoreState["midi"] {
    if (!hasMidi()) return null;
    const chosen = chosenMidi();
    const known = this.#outputs.some(({ id }) => id === chosen?.id) || !chosen ? [] : [chosen];
    const outputs = [...this.#outputs, ...known].map(({ id, name }) => ({ value: id, text: name }));
    return { outputs, chosen: chosen?.id ?? "" };
  }

  /** Why no output can be chosen, once a reader has looked. */
  get trouble(): "none" | "refused" | null {
    return this.#trouble;
  }

  /** Asks the browser what is plugged in. */
  async look(): Promise<void> {
    try {
      this.#outputs = await midiOutputs();
      this.#trouble = this.#outputs.length === 0 ? "none" : null;
    } catch {
      this.#trouble = "refused";
    }
    this.#changed();
  }

  choose(id: string): void {
    chooseMidi(this.#outputs.find((output) => output.id === id));
  }

  dispose(): void {
    this.#leave();
  }
}
