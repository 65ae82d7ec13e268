import type { Note } from "./clip";

/** Columns of the packed table: start, end, pitch, velocity, track, program, is_drum. */
export const COLUMNS = 7;

/** Bytes as a host hands them over: DataView in Jupyter, Uint8Array in Colab, ArrayBuffer elsewhere. */
export type Bytes = DataView | Uint8Array | ArrayBuffer;

export function viewOf(bytes: Bytes): DataView {
  return bytes instanceof ArrayBuffer
    ? new DataView(bytes)
    : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Notes of the packed little-endian float32 table, in the table's order.
 *
 * Rows with a number that is not finite, or that end before they start, are left out: one damaged
 * row must not blank the widget.
 */
export function decodeNotes(bytes: Bytes | null | undefined): Note[] {
  if (!bytes) return [];
  const view = viewOf(bytes);
  const rows = Math.floor(view.byteLength / (4 * COLUMNS));
  const notes: Note[] = [];
  for (let row = 0; row < rows; row++) {
    const at = (column: number) => view.getFloat32(4 * (row * COLUMNS + column), true);
    const note = {
      start: at(0),
      end: at(1),
      pitch: Math.round(at(2)),
      velocity: Math.max(1, Math.min(127, Math.round(at(3)))),
      track: Math.max(0, Math.round(at(4))),
      program: Math.max(0, Math.min(127, Math.round(at(5)))),
      drum: at(6) > 0.5,
    };
    const sum = note.start + note.end + note.pitch + note.velocity + note.track + note.program;
    if (Number.isFinite(sum) && note.end >= note.start) notes.push(note);
  }
  return notes;
}

/** Cuts a table that holds several clips one after another; `offsets` has one more entry than clips. */
export function decodeSteps(bytes: Bytes | null | undefined, offsets: readonly number[]): Note[][] {
  if (!bytes) return offsets.slice(1).map(() => []);
  const view = viewOf(bytes);
  const row = 4 * COLUMNS;
  const rows = Math.floor(view.byteLength / row);
  return offsets.slice(1).map((end, step) => {
    const from = Math.max(0, Math.min(rows, offsets[step] ?? 0));
    const to = Math.max(from, Math.min(rows, end));
    return decodeNotes(new DataView(view.buffer, view.byteOffset + from * row, (to - from) * row));
  });
}

/** The packed table of some notes: what `decodeNotes` reads. */
export function encodeNotes(notes: readonly Note[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(notes.length * 4 * COLUMNS));
  notes.forEach((note, row) => {
    const cells = [
      note.start,
      note.end,
      note.pitch,
      note.velocity,
      note.track,
      note.program,
      note.drum ? 1 : 0,
    ];
    cells.forEach((cell, column) => {
      view.setFloat32(4 * (row * COLUMNS + column), cell, true);
    });
  });
  return new Uint8Array(view.buffer);
}

/** A short name of some numbers (FNV-1a over their float64 bytes, two lanes): equal numbers, equal name. */
export function hashNumbers(numbers: Iterable<number>): string {
  const cell = new DataView(new ArrayBuffer(8));
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (const number of numbers) {
    cell.setFloat64(0, number);
    for (let i = 0; i < 8; i++) {
      const byte = cell.getUint8(i);
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b + byte + 1, 0x85ebca6b) ^ (b >>> 13);
    }
  }
  return (a >>> 0).toString(16).padStart(8, "0") + (b >>> 0).toString(16).padStart(8, "0");
}
