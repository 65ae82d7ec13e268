import { expect, test, vi } from "vitest";
import { encodeNotes } from "../../src/core/notes";
import compare from "../../src/widgets/compare";
import { FakeModel } from "../host/fake";
import { note } from "../make";
import { COMMON, show, useFreshPage } from "./mounting";

const TRAITS = { ...COMMON, subtitle: "Tune", _limit: null, _costs: [], _difference: {} };
const first = [note(0, 1, 60), note(1, 2, 62), note(4, 6, 64)];
const second = [note(0, 1, 60), note(1, 2, 63), note(4, 6, 64), note(7, 8, 65)];

const pairModel = (more = {}) =>
  new FakeModel({
    ...TRAITS,
    _kind: "pair",
    _rows: [
      { name: "original", label: "", count: 1 },
      { name: "reconstruction", label: "", count: 1 },
    ],
    _notes: encodeNotes([...first, ...second]),
    _offsets: [0, 3, 7],
    _places: [
      [0.5, 0.5],
      [0.5, 0.5],
    ],
    _difference: {
      same: 2,
      missing: [1],
      added: [1, 3],
      beats: Array.from({ length: 8 }, (_, k) => [k, k + 1, k === 1 ? 2 : k === 7 ? 1 : 0]),
    },
    value: 1,
    ...more,
  });

const rowsModel = (more = {}) =>
  new FakeModel({
    ...TRAITS,
    _kind: "routes",
    _rows: [
      { name: "latent", label: "", count: 3 },
      { name: "data", label: "", count: 3 },
    ],
    _notes: encodeNotes([0, 1, 2, 3, 4, 5].map((k) => note(0, 1, 60 + k))),
    _offsets: [0, 1, 2, 3, 4, 5, 6],
    _places: [[], [], [], [], [], []],
    _costs: [1, 2, 1.5, 1, 3.5, 1.5],
    _limit: 3.25,
    value: 0,
    ...more,
  });

const turn = () => vi.advanceTimersByTimeAsync(40);

useFreshPage();

test("a pair counts what is the same, missing and added", async () => {
  const root = show(compare, pairModel());
  await turn();
  expect(root.querySelector(".mv-legend")?.getAttribute("aria-label")).toBe(
    "2 notes the same, 1 missing, 2 added",
  );
  expect([...root.querySelectorAll(".mv-part-head")].map((part) => part.textContent)).toEqual([
    "Original",
    "Reconstruction67% of notes kept",
  ]);
  expect(root.querySelector(".mv-beats")?.getAttribute("aria-label")).toBe(
    "Differences by beat: bar 1, beat 2: 2; bar 2, beat 4: 1",
  );
  expect(root.dataset).toMatchObject({ kind: "pair", value: "1", notes: "4" });
});

test("which one plays is chosen by words, from either side", async () => {
  const model = pairModel();
  const root = show(compare, model);
  await turn();
  const [original, other] = [...root.querySelectorAll<HTMLInputElement>(".mv-segment-input")];
  expect(other?.checked).toBe(true);
  original?.click();
  await turn();
  expect(model.get("value")).toBe(0);
  expect(root.dataset.value).toBe("0");
  model.set("value", 1);
  await turn();
  expect(other?.checked).toBe(true);
});

test("rows tell their costs, and what is costlier than the tunes", async () => {
  const root = show(compare, rowsModel());
  await turn();
  const cells = [...root.querySelectorAll(".mv-cell")];
  expect(cells[1]?.getAttribute("aria-label")).toBe("Latent space, 2 of 3, 2.00 bits per step");
  expect(cells[4]?.getAttribute("aria-label")).toBe(
    "Data space, 2 of 3, 3.50 bits per step, costlier than 99% of the tunes",
  );
  expect(root.querySelectorAll(".mv-cost-bar.mv-high")).toHaveLength(1);
  expect(root.querySelector(".mv-caption")?.textContent).toMatch(/red: above 3.25/);
});

test("without a limit nothing is red, without costs there are no bars", async () => {
  const model = rowsModel({ _limit: null });
  const root = show(compare, model);
  await turn();
  expect(root.querySelectorAll(".mv-high")).toHaveLength(0);
  expect(root.querySelector(".mv-caption")?.textContent).toBe("bar: cost in bits per step");
  model.set("_costs", []);
  await turn();
  expect(root.querySelectorAll(".mv-cost-bar:not([hidden])")).toHaveLength(0);
  expect(root.querySelector<HTMLElement>(".mv-caption")?.hidden).toBe(true);
});

test("arrow keys go along a row and from row to row", async () => {
  const model = rowsModel();
  const root = show(compare, model);
  await turn();
  const press = async (key: string) => {
    const cell = root.querySelector<HTMLElement>(".mv-cell[tabindex='0']");
    cell?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await turn();
    return model.get("value");
  };
  const seen = [];
  for (const key of ["ArrowRight", "ArrowDown", "ArrowDown", "End", "ArrowUp", "Home", "ArrowLeft"])
    seen.push(await press(key));
  expect(seen).toEqual([1, 4, 4, 5, 2, 0, 0]);
  expect(root.querySelectorAll(".mv-cell[aria-checked='true']")).toHaveLength(1);
});

test("notes that are too many for the trait are asked for and shown when they come", async () => {
  const notes = encodeNotes([0, 1, 2, 3, 4, 5].map((k) => note(0, 1, 60 + k)));
  const model = rowsModel({ _notes: encodeNotes([]) });
  const root = show(compare, model);
  await turn();
  expect(root.dataset.notes).toBe("0");
  const [request] = model.sent as { id: string; op: string; args: unknown }[];
  expect(request).toMatchObject({ op: "notes", args: { table: "all" } });
  model.emit("msg:custom", { id: request?.id, ok: true, result: {} }, [notes]);
  await turn();
  expect(root.dataset.notes).toBe("1");
});
