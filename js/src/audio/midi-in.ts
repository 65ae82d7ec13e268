/** Notes from MIDI keyboards, those that are plugged in later included. */

/** The little of Web MIDI that is used here. */
interface MidiPort {
  readonly id: string;
  onmidimessage: ((event: { readonly data: Uint8Array | null; readonly timeStamp: number }) => void) | null;
}
interface MidiAccess {
  readonly inputs: ReadonlyMap<string, MidiPort>;
  onstatechange: (() => void) | null;
}
type MidiNavigator = { requestMIDIAccess?: () => Promise<MidiAccess> };

export interface MidiNotes {
  /** Velocity 1 to 127; `time` in ms of the page's clock. */
  pressed(pitch: number, velocity: number, time: number): void;
  released(pitch: number, time: number): void;
}

/**
 * Listens until the way back is called.
 *
 * @returns How many keyboards there are, or null where the browser has no MIDI or the reader said no; and
 *   the way back.
 */
export async function listenMidi(notes: MidiNotes): Promise<{ keyboards: number | null; leave: () => void }> {
  const none = { keyboards: null, leave: () => {} };
  const access = await (navigator as unknown as MidiNavigator).requestMIDIAccess?.().catch(() => null);
  if (!access) return none;
  const heard = ({ data, timeStamp }: { data: Uint8Array | null; timeStamp: number }) => {
    const [status = 0, pitch = 0, velocity = 0] = data ?? [];
    const kind = status & 0xf0;
    const time = timeStamp || performance.now();
    if (kind === 0x90 && velocity > 0) notes.pressed(pitch, velocity, time);
    else if (kind === 0x80 || kind === 0x90) notes.released(pitch, time);
  };
  const join = () => {
    for (const port of access.inputs.values()) port.onmidimessage = heard;
  };
  join();
  access.onstatechange = join;
  const leave = () => {
    access.onstatechange = null;
    for (const port of access.inputs.values()) port.onmidimessage = null;
  };
  return { keyboards: access.inputs.size, leave };
}
