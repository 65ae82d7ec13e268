import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Emitter } from "../../src/core/emitter";
import { decodeNotes, encodeNotes } from "../../src/core/notes";
import { MOST, RollModel } from "../../src/host/piano-roll-traits";
import { openSession } from "../../src/host/session";
import { note } from "../make";
import { COMMON, SCORE } from "../views/mounting";
import { FakeModel } from "./fake";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const START = [note(0, 1, 60), note(1, 2, 62)];

function open(more: Record<string, unknown> = {}) {
  const model = new FakeModel({
    ...COMMON,
    _notes: encodeNotes(START),
    _place: [0.1, 0.2],
    _refused: [],
    _takes: {},
    _revision: 1,
    edit: true,
    ...more,
  });
  const roll = new RollModel(model);
  const player = {
    changed: new Emitter(),
    playing: false,
    since: 0,
    play: vi.fn(async () => undefined),
    pause: vi.fn(),
    stop: vi.fn(),
    set: vi.fn(),
    dispose: vi.fn(),
  };
  const session = openSession(
    model,
    roll.reader,
    ({ clip }) => ({ clip }),
    () => player,
  );
  roll.join(session as never);
  return { model, roll, session, actions: roll.actions(session.actions) };
}

const pitches = (roll: RollModel) => roll.reader.read().clip.notes.map((item) => item.pitch);
const saved = (model: FakeModel) => decodeNotes(model.get("_notes") as DataView).map((item) => item.pitch);
const turn = () => vi.advanceTimersByTimeAsync(60);

test("an edit is kept, saved together with its score, and undone", async () => {
  const { model, roll, actions } = open();
  const { clip } = roll.reader.read();
  const longer = { notes: [...clip.notes, note(9, 10, 64)], score: { ...clip.score, quarters: 12 } };
  actions.change(longer, false);
  await turn();
  expect(roll.reader.read().clip).toBe(longer);
  expect(saved(model)).toEqual([60, 62, 64]);
  const first = model.saved.find((traits) => traits._notes !== undefined && traits._score !== SCORE);
  expect(first?._score).toMatchObject({ quarters: 12 });
  expect(decodeNotes(first?._notes as DataView)).toHaveLength(3);
  actions.undo();
  await turn();
  expect(roll.reader.read().clip).toBe(clip);
  expect([saved(model), (model.get("_score") as { quarters: number }).quarters]).toEqual([[60, 62], 8]);
  expect(roll.reader.read()).toMatchObject({ canUndo: false, canRedo: true });
  actions.redo();
  expect(roll.reader.read().clip).toBe(longer);
});

test("a burst is one step", async () => {
  const { roll, actions } = open();
  const { clip } = roll.reader.read();
  for (const pitch of [70, 71, 72]) actions.change({ ...clip, notes: [note(0, 1, pitch)] }, pitch > 70);
  await turn();
  expect(pitches(roll)).toEqual([72]);
  actions.undo();
  expect(roll.reader.read().clip).toBe(clip);
});

test("what the kernel sets is a step, what a host sends back of an edit is none", async () => {
  const { model, roll, actions } = open();
  const { clip } = roll.reader.read();
  actions.change({ ...clip, notes: [note(0, 1, 65)] }, false);
  await turn();
  // Late, of an edit that has been undone meanwhile.
  actions.undo();
  model.set("_notes", new Uint8Array(encodeNotes([note(0, 1, 65)])));
  await turn();
  expect(roll.reader.read()).toMatchObject({ clip, canUndo: false });
  actions.redo();
  model.set("_revision", 2);
  model.set("_notes", encodeNotes([note(0, 4, 50)]));
  model.set("_score", { ...SCORE, quarters: 4 });
  await turn();
  expect(pitches(roll)).toEqual([50]);
  actions.undo();
  expect(pitches(roll)).toEqual([65]);
  actions.undo();
  expect(roll.reader.read().clip).toBe(clip);
  expect(roll.reader.read().canUndo).toBe(false);
});

test("what fills a widget that was opened empty is its beginning", async () => {
  const { model, roll } = open({ _revision: 0, _notes: encodeNotes([]) });
  model.set("_notes", encodeNotes(START));
  model.set("_revision", 1);
  await turn();
  expect(pitches(roll)).toEqual([60, 62]);
  expect(roll.reader.read().canUndo).toBe(false);
});

test("a viewer has no past", async () => {
  const { model, roll } = open({ edit: false });
  model.set("_notes", encodeNotes([note(0, 4, 50)]));
  model.set("_revision", 2);
  await turn();
  expect(pitches(roll)).toEqual([50]);
  expect(roll.reader.read().canUndo).toBe(false);
});

test("what is followed is shown, and an edit goes on from it", async () => {
  const { roll, actions } = open();
  const { clip } = roll.reader.read();
  const shown = { ...clip, notes: [note(0, 1, 80)] };
  roll.follow({ clip: shown, place: [0, 0] });
  expect(roll.reader.read()).toMatchObject({ clip: shown, place: [0, 0], refused: [] });
  actions.change({ ...shown, notes: [note(0, 1, 81)] }, false);
  expect(pitches(roll)).toEqual([81]);
  actions.undo();
  expect(pitches(roll)).toEqual([80]);
  actions.undo();
  expect(roll.reader.read().clip).toBe(clip);
});

test("a file goes in pieces, the next one takes its place, and one too large does not go", async () => {
  const { model, roll, actions } = open();
  const uploads = () =>
    model.sent.filter((sent) => (sent as { op: string }).op === "upload") as { id: string; args: never }[];
  const answer = (id: string | undefined) => model.emit("msg:custom", { id, ok: true, result: {} }, []);
  actions.open(new File([new Uint8Array(400_000)], "a.mid"));
  await turn();
  expect(uploads().map(({ args }) => args)).toMatchObject([{ name: "a.mid", size: 400_000, offset: 0 }]);
  answer(uploads().at(-1)?.id);
  await turn();
  expect(uploads()).toHaveLength(2);
  expect(roll.reader.read().upload).toEqual({ kind: "sending", name: "a.mid", sent: 196_608, size: 400_000 });
  actions.open(new File([new Uint8Array(10)], "b.mid"));
  answer(uploads().at(-1)?.id);
  await turn();
  expect(uploads().at(-1)?.args).toMatchObject({ name: "b.mid", offset: 0 });
  expect(roll.reader.read().upload).toEqual({ kind: "reading", name: "b.mid" });
  answer(uploads().at(-1)?.id);
  await turn();
  expect(roll.reader.read().upload).toBeNull();
  const count = uploads().length;
  actions.open(new File([new Uint8Array(MOST + 1)], "c.mid"));
  await turn();
  expect(uploads()).toHaveLength(count);
  expect(roll.reader.read().upload).toMatchObject({ kind: "large", name: "c.mid" });
  // A folder, or a file that is gone by now, cannot be read.
  const gone = new File([new Uint8Array(10)], "d.mid");
  gone.slice = () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) as never;
  actions.open(gone);
  await turn();
  expect(roll.reader.read().upload).toEqual({ kind: "lost", name: "d.mid" });
});
