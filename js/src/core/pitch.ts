/** Names of pitches and of drum sounds. */

const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];

/** Name with octave, middle C (60) being C4. */
export const pitchName = (pitch: number): string => `${NAMES[mod12(pitch)]}${Math.floor(pitch / 12) - 1}`;

export const mod12 = (pitch: number): number => ((Math.round(pitch) % 12) + 12) % 12;

export const isBlack = (pitch: number): boolean => [1, 3, 6, 8, 10].includes(mod12(pitch));

/** The nine drum classes of the models, keys of the i18n tables; the index is the class. */
export const DRUM_CLASSES = [
  "kick",
  "snare",
  "closed-hat",
  "open-hat",
  "low-tom",
  "mid-tom",
  "high-tom",
  "crash",
  "ride",
] as const;

/** Classes from the top row to the bottom row. */
export const DRUM_ROWS = [8, 7, 2, 3, 6, 5, 4, 1, 0];

const DRUM_PITCHES = [
  [36, 35],
  [38, 27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85],
  [42, 44, 54, 68, 69, 70, 71, 73, 78, 80, 22],
  [46, 67, 72, 74, 79, 81, 26],
  [45, 29, 41, 43, 61, 64, 84],
  [48, 47, 60, 63, 77, 86, 87],
  [50, 30, 62, 76, 83],
  [49, 52, 55, 57, 58],
  [51, 53, 59, 82],
];

const CLASS_OF = new Map(
  DRUM_PITCHES.flatMap((pitches, index) => pitches.map((pitch) => [pitch, index] as const)),
);

/** Drum class of a MIDI pitch (MUSICVAE.md 4.6); pitches of no class sound and show as the snare's row. */
export const drumClass = (pitch: number): number => CLASS_OF.get(pitch) ?? 1;

/** The MIDI pitch that stands for a drum class. */
export const drumPitch = (index: number): number => DRUM_PITCHES[index]?.[0] ?? 38;
