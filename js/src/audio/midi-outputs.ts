/** The MIDI outputs of the reader's machine. */

import { audioPage, type MidiChoice } from "./page";

export type { MidiChoice };

interface Access {
  readonly outputs: ReadonlyMap<
    string,
    MidiChoice["output"] & { readonly id: string; readonly name?: string | null }
  >;
}

type Ask = (options: { sysex: boolean }) => Promise<Access>;

const asker = (): Ask | undefined => {
  const navigator = globalThis.navigator as unknown as { requestMIDIAccess?: Ask } | undefined;
  return navigator?.requestMIDIAccess?.bind(navigator);
};

/** Whether this browser can send MIDI at all. */
export const hasMidi = (): boolean => asker() !== undefined;

/** The outputs that are plugged in; the browser may ask the reader first, and rejects where it may not. */
export async function midiOutputs(): Promise<MidiChoice[]> {
  const access = await asker()?.({ sysex: false });
  return [...(access?.outputs.values() ?? [])].map((output) => {
    return { id: output.id, name: output.name ?? output.id, output };
  });
}

/** The output that the page's widgets play to; undefined is the page's own sound. */
export const chosenMidi = (): MidiChoice | undefined => audioPage().midi;

/** Calls back when another output is chosen, in any widget of the page; gives back the way to leave. */
export const midiChanged = (changed: () => void): (() => void) => audioPage().midiChanged.on(changed);

export function chooseMidi(choice: MidiChoice | undefined): void {
  const page = audioPage();
  page.midi = choice;
  page.midiChanged.emit();
}
