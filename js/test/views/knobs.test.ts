import { expect, test, vi } from "vitest";
import { type Ahead, lookUp, readTravels, type Stop } from "../../src/core/attribute-knobs-props";
import { attributeName, attributeText, attributeTick, readAttribute } from "../../src/core/attributes";
import { TABLES, translator } from "../../src/core/i18n";
import { encodeNotes } from "../../src/core/notes";
import { columnsOf, ghostsOf } from "../../src/views/attribute-knobs/view";
import knobs from "../../src/widgets/attribute-knobs";
import { FakeModel } from "../host/fake";
import { clip, note } from "../make";
import { COMMON, close, SCORE, show, useFreshPage } from "./mounting";

const travel = (name: string, low: number, high: number, centre: number) => ({
  name,
  low,
  high,
  centre,
  std: 1,
  comb: [0.5, 1, 0.2],
});
const TRAVELS = [travel("note_density", 0, 1, 0.5), travel("mean_pitch", 50, 70, 60)];

const own = [note(0, 1, 60), note(4, 6, 64)];
/** Two places a side of the first knob: of index i the density is 0.5 + 0.1 i, with 3 + i notes. */
const line = [-2, -1, 0, 1, 2].map((index) => ({
  row: [0, index, index + 2, 0.1 * index, 0, 0.5 + 0.1 * index, 61],
  notes: Array.from({ length: 3 + index }, (_, k) => note(k, k + 1, 61)),
}));

function make(more = {}) {
  return new FakeModel({
    ...COMMON,
    ...{ locked: [], _travels: TRAVELS, _label: "Reel", _setting: 1 },
    _asked: { note_density: 0.5, mean_pitch: 60 },
    _own: [0.5, 60],
    _got: [0.5, 60],
    _notes: encodeNotes([...own, ...own]),
    _offsets: [0, 2, 4],
    _places: [
      [0, 0],
      [0, 0],
    ],
    _ahead: {
      ...{ of: 1, base: [0.5, 60], stand: [0.5, 60], short: 3, far: 0.02, places: 2, score: SCORE },
      offsets: [0, 1, 3, 6, 10, 15],
    },
    _ahead_notes: encodeNotes(line.flatMap(({ notes }) => notes)),
    _ahead_table: new Uint8Array(new Float32Array(line.flatMap(({ row }) => row)).buffer),
    ...more,
  });
}

const turn = () => vi.advanceTimersByTimeAsync(40);
const press = (el: Element | null | undefined, key: string, more = {}) =>
  el?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
const knobOf = (root: HTMLElement, index: number) => root.querySelectorAll(".mv-knob")[index];
const asks = (model: FakeModel, op: string) =>
  (model.sent as { id: string; op: string; args: { value: Record<string, number> } }[]).filter(
    (sent) => sent.op === op,
  );
const answer = (model: FakeModel, ok = true) => {
  const { id } = model.sent.at(-1) as { id: string };
  const error = { code: "config", message: "They go together.", hint: "Keep fewer." };
  model.emit("msg:custom", ok ? { id, ok, result: {} } : { id, ok, error }, []);
};

useFreshPage();

test("untouched, the clip itself is shown, with its name and no request", async () => {
  const model = make();
  const root = show(knobs, model);
  await vi.advanceTimersByTimeAsync(500);
  expect(root.dataset).toMatchObject({ notes: "2", altered: "false" });
  expect(root.querySelector(".mv-meta")?.textContent).toBe("Reel");
  expect(knobOf(root, 0)?.getAttribute("aria-valuetext")).toBe("asked 0.50, got 0.50");
  expect(knobOf(root, 1)?.getAttribute("aria-valuetext")).toBe("asked C4, got C4");
  expect(root.querySelector<HTMLButtonElement>("[aria-label='Reset all']")?.disabled).toBe(true);
  expect(model.sent).toEqual([]);
});

test("a turn is shown before the kernel answers, and asked of it", async () => {
  const model = make();
  const root = show(knobs, model);
  press(knobOf(root, 0), "PageUp");
  await turn();
  expect(root.dataset).toMatchObject({ notes: "4", altered: "true" });
  expect(root.querySelector(".mv-meta")?.textContent).toBe("Reel, altered");
  expect(knobOf(root, 0)?.getAttribute("aria-valuetext")).toBe("asked 0.60, got 0.60");
  expect(asks(model, "turn")).toHaveLength(1);
  expect(asks(model, "turn")[0]?.args.value).toEqual({ note_density: 0.6, mean_pitch: 60 });
  for (let k = 0; k < 50; k++) press(knobOf(root, 0), "ArrowUp");
  await turn();
  expect(asks(model, "turn")).toHaveLength(1);
  answer(model);
  await turn();
  expect(asks(model, "turn")).toHaveLength(2);
  expect(asks(model, "turn")[1]?.args.value.note_density).toBe(1);
  expect(root.dataset.notes).toBe("5");
});

test("what the kernel refuses is turned back and said", async () => {
  const model = make();
  const root = show(knobs, model);
  press(knobOf(root, 0), "PageUp");
  await turn();
  answer(model, false);
  await turn();
  expect(root.querySelector(".mv-status")?.textContent).toBe("They go together. Keep fewer.");
  expect(knobOf(root, 0)?.getAttribute("aria-valuetext")).toBe("asked 0.50, got 0.50");
  expect(root.dataset.altered).toBe("false");
});

test("once a turn is answered and nothing moves, the next turns are asked for ahead, without a word", async () => {
  const model = make();
  const root = show(knobs, model);
  press(knobOf(root, 0), "PageUp");
  await turn();
  model.set("_setting", 2);
  model.set("_asked", { note_density: 0.6, mean_pitch: 60 });
  answer(model);
  await vi.advanceTimersByTimeAsync(100);
  expect(asks(model, "ahead")).toHaveLength(0);
  await vi.advanceTimersByTimeAsync(100);
  expect(asks(model, "ahead")).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(root.querySelector<HTMLElement>(".mv-status")?.hidden).toBe(true);
});

test("one knob and all knobs go back to the clip", async () => {
  const model = make({ _asked: { note_density: 0.7, mean_pitch: 65 }, _got: [0.7, 64] });
  const root = show(knobs, model);
  press(knobOf(root, 0), "Home");
  await turn();
  expect(asks(model, "turn")[0]?.args.value).toEqual({ note_density: 0.5, mean_pitch: 65 });
  root.querySelector<HTMLElement>("[aria-label='Reset all']")?.click();
  await turn();
  expect(root.dataset).toMatchObject({ altered: "false", notes: "2" });
  answer(model);
  await turn();
  expect(asks(model, "reset")).toHaveLength(1);
});

test("a locked knob says so, and its lock is saved", async () => {
  const model = make();
  const root = show(knobs, model);
  press(knobOf(root, 1), "l");
  await turn();
  expect(model.get("locked")).toEqual(["mean_pitch"]);
  expect(knobOf(root, 1)?.getAttribute("aria-valuetext")).toBe("locked, got C4");
  expect(root.querySelector("[aria-label='Unlock Mean pitch']")?.getAttribute("aria-pressed")).toBe("true");
  press(knobOf(root, 1), "ArrowUp");
  expect(model.sent).toEqual([]);
});

test("a value is typed: figures, and names of notes for pitches", async () => {
  const model = make();
  const root = show(knobs, model);
  const fields = root.querySelectorAll<HTMLInputElement>(".mv-knob-asked");
  press(knobOf(root, 0), "0");
  expect(document.activeElement).toBe(fields[0]);
  const type = (field: HTMLInputElement | undefined, text: string, key = "Enter") => {
    field?.focus();
    if (field) field.value = text;
    press(field, key);
  };
  type(fields[0], "0,58");
  await turn();
  expect(asks(model, "turn")[0]?.args.value.note_density).toBe(0.58);
  expect(document.activeElement).toBe(knobOf(root, 0));
  answer(model);
  type(fields[1], "F#4");
  await turn();
  expect(asks(model, "turn").at(-1)?.args.value.mean_pitch).toBe(66);
  const before = model.sent.length;
  type(fields[1], "loud");
  type(fields[1], "70", "Escape");
  await turn();
  expect(model.sent).toHaveLength(before);
  expect(fields[1]?.value).toBe("F♯4");
});

test("closing leaves nothing behind", () => {
  const model = make();
  show(knobs, model);
  close();
  expect(model.listeners).toBe(0);
});

test("a place is looked up by the kernel's rule", () => {
  const travels = readTravels(TRAVELS.map((item) => ({ ...item, std: 0.2 })));
  const stop = (index: number, got: (number | null)[]): Stop => {
    return { knob: 0, index, got, clip: clip([]), place: null };
  };
  const ahead = (stops: Stop[]): Ahead => {
    return { base: [0.5, 60], stand: [0.5, 60], short: 3, far: 0.02, places: 2, stops };
  };
  const free = [false, false];
  const plain = ahead([stop(-1, [0.3, 60]), stop(0, [0.5, 60]), stop(1, [0.55, 60]), stop(2, [0.7, 60])]);
  const found = (asked: number) => lookUp(plain, travels, free, 0, [asked, 60])?.index;
  // By hand, in deviations: 0.62 asks +0.6; index 1 has +0.25, short by .35 (1.05 + .02); 2 has +1 (.4 + .04).
  expect(found(0.62)).toBe(2);
  expect(found(0.56)).toBe(1);
  expect(found(0.5)).toBe(0);
  expect(found(0.2)).toBe(-1);
  expect(lookUp(plain, travels, free, 1, [0.5, 62])).toBeNull();
  // Of two ways that give what is asked the one that moves the locked pitch less.
  const ways = ahead([stop(0, [0.5, 60]), stop(1, [0.6, 60.5]), stop(2, [0.7, 61]), stop(3, [0.7, 60])]);
  expect(lookUp(ways, travels, [false, true], 0, [0.7, 60])?.index).toBe(3);
  // A knob that is turned is held too: the way that gives what is asked of it.
  expect(lookUp(ways, travels, free, 0, [0.7, 61])?.index).toBe(2);
  // Silence has no pitch; a line that begins in silence has nothing to compare with.
  const silent = ahead([stop(0, [null, 60]), stop(1, [0.5, 60])]);
  expect(lookUp(silent, travels, free, 0, [0.7, 60])?.index).toBe(0);
});

test("values are written and read in their own units", () => {
  expect(attributeText("note_density", 0.4375)).toBe("0.44");
  expect(attributeText("mean_pitch", 78.6)).toBe("G5");
  expect(attributeText("pitch_range", 12)).toBe("12");
  expect(attributeText("average_interval", 2.25)).toBe("2.3");
  expect(attributeText("lateness", -0.001)).toBe("0.00");
  expect(attributeText("lateness", -0.12)).toBe("−0.12");
  expect(attributeText("repetition", null)).toBe("–");
  expect(readAttribute("lateness", "−0.12")).toBe(-0.12);
  expect(readAttribute("mean_pitch", "Bb3")).toBe(58);
  expect(readAttribute("mean_pitch", "61,5")).toBe(61.5);
  expect(readAttribute("note_density", "G5")).toBeNull();
  expect(readAttribute("note_density", "")).toBeNull();
  expect(attributeTick("mean_pitch")).toBe(1);
  expect(attributeTick("note_density")).toBe(0.01);
});

test("every attribute of the models has a name in both languages; others keep their own", () => {
  for (const name of ["c_diatonic", "note_density", "brightness", "lateness", "tracks", "repetition"]) {
    expect(`attribute.${name}` in TABLES.en).toBe(true);
    expect(attributeName(translator("zh"), name)).not.toContain("_");
  }
  expect(attributeName(translator("en"), "my_own")).toBe("my own");
});

test("knobs stand in even rows", () => {
  expect([1, 4, 6, 7, 8, 12].map((n) => columnsOf(n, 1100))).toEqual([1, 4, 6, 4, 4, 6]);
  expect([1, 4, 6, 7].map((n) => columnsOf(n, 560))).toEqual([1, 2, 3, 3]);
});

test("ghosts are what the altered clip lacks", () => {
  expect(ghostsOf(own, [note(0, 2, 60)]).map(({ pitch }) => pitch)).toEqual([64]);
});
