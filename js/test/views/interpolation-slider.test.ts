import { expect, test, vi } from "vitest";
import { encodeNotes } from "../../src/core/notes";
import slider from "../../src/widgets/interpolation-slider";
import { FakeModel } from "../host/fake";
import { note } from "../make";
import { COMMON, show, useFreshPage } from "./mounting";

const STEPS = 5;
const latent = Array.from({ length: STEPS }, (_, k) => [note(0, 1, 60 + k)]);
const data = Array.from({ length: STEPS }, (_, k) => [note(0, 1, 70 + k), note(1, 2, 70)]);
const places = Array.from({ length: STEPS }, (_, k) => [k / 4, 0]);

const make = (more = {}) =>
  new FakeModel({
    ...COMMON,
    _notes: encodeNotes(latent.flat()),
    _offsets: [0, 1, 2, 3, 4, 5],
    _data_notes: encodeNotes(data.flat()),
    _data_offsets: [0, 2, 4, 6, 8, 10],
    _curves: {
      latent: {
        places,
        distances: [
          [0, 0.2, 0.4, 0.6, 1],
          [1, 0.75, 0, 0.75, 1],
          [1, 0.8, 0.5, 0.2, 0],
        ],
        costs: [1, 2, 3, 2, 1],
      },
      data: { places, distances: [[0, 0, 0, 0, 0], [], []], costs: [1, 4, 5, 4, 1] },
    },
    _stops: [0, 2, 4],
    _exact: {},
    _exact_notes: encodeNotes([]),
    steps: STEPS,
    labels: ["One", "Two", "Three"],
    value: 0.5,
    space: "latent",
    snap: false,
    temperature: null,
    seed: 4,
    ...more,
  });

const turn = () => vi.advanceTimersByTimeAsync(20);
const press = (root: HTMLElement, key: string, shiftKey = false) =>
  root
    .querySelector(".mv-slider")
    ?.dispatchEvent(new KeyboardEvent("keydown", { key, shiftKey, bubbles: true }));

useFreshPage();

test("waypoints have seals and letters, and curves their values at the handle", async () => {
  const root = show(slider, make());
  await turn();
  expect(root.querySelectorAll(".mv-end-seal")).toHaveLength(3);
  expect([...root.querySelectorAll(".mv-end")].map((word) => word.textContent)).toEqual([
    "AOne",
    "BTwo",
    "ThreeC",
  ]);
  expect(root.querySelector(".mv-curves")?.getAttribute("aria-label")).toBe(
    "Distance to A 0.40, to B 0.00, to C 0.50; Cost Latent space 3.00",
  );
});

test("a switch of space shows the other steps at once, without the kernel", async () => {
  const model = make();
  const root = show(slider, model);
  await turn();
  root.querySelector<HTMLInputElement>(".mv-segment-input[value='data']")?.click();
  await turn();
  expect(model.get("space")).toBe("data");
  expect(root.dataset).toMatchObject({ notes: "2", space: "data" });
  expect(model.sent).toEqual([]);
  expect(root.querySelector(".mv-curves")?.getAttribute("aria-label")).toMatch(/Data space 5.00$/);
});

test("between steps the nearest is heard, and at rest the kernel is asked once for that place", async () => {
  const model = make();
  const root = show(slider, model);
  await turn();
  for (let k = 0; k < 4; k++) {
    press(root, "ArrowRight", true);
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(root.dataset).toMatchObject({ step: "2", exact: "false" });
  expect(root.querySelector(".mv-slider")?.getAttribute("aria-valuetext")).toBe("step 2.4 of 4 · 0.6");
  expect(model.sent).toEqual([]);
  expect(model.get("value")).toBe(0.5);
  await vi.advanceTimersByTimeAsync(90);
  expect(model.get("value")).toBeCloseTo(0.6, 12);
  expect(model.sent).toHaveLength(1);
  expect(model.sent[0]).toMatchObject({ op: "decode", args: { value: 0.6 } });
  model.set("_exact_notes", encodeNotes([note(0, 1, 62), note(2, 3, 63), note(4, 5, 64)]));
  model.set("_exact", { at: 0.6, space: "latent", place: [0.1, 0], distances: [0.9, 0.1, 0.3], cost: 2.5 });
  model.emit("msg:custom", { id: (model.sent[0] as { id: string }).id, ok: true, result: {} }, []);
  await turn();
  expect(root.dataset).toMatchObject({ notes: "3", exact: "true" });
  expect(root.querySelector(".mv-curves")?.getAttribute("aria-label")).toBe(
    "Distance to A 0.90, to B 0.10, to C 0.30; Cost Latent space 2.50",
  );
});

test("a handle that goes on is asked for where it comes to rest", async () => {
  const model = make();
  const root = show(slider, model);
  await turn();
  press(root, "ArrowRight", true);
  await vi.advanceTimersByTimeAsync(60);
  press(root, "ArrowRight", true);
  await vi.advanceTimersByTimeAsync(60);
  expect(model.sent).toEqual([]);
  press(root, "ArrowRight");
  await vi.advanceTimersByTimeAsync(200);
  expect(model.sent).toEqual([]);
  expect(model.get("value")).toBe(0.75);
});

test("ten thousand moves leave nothing behind and ask at rest alone", async () => {
  const model = make();
  const root = show(slider, model);
  await turn();
  const listeners = model.listeners;
  const elements = root.querySelectorAll("*").length;
  for (let k = 0; k < 10_000; k++) {
    press(root, k % 200 < 100 ? "ArrowRight" : "ArrowLeft", k % 3 > 0);
    if (k % 20 === 0) await vi.advanceTimersByTimeAsync(1);
  }
  await vi.advanceTimersByTimeAsync(200);
  expect(model.sent.length).toBeLessThanOrEqual(1);
  expect(model.listeners).toBe(listeners);
  expect(root.querySelectorAll("*").length).toBeLessThanOrEqual(elements + 4);
}, 60_000);

test("snapping it stays at steps", async () => {
  const model = make({ snap: true });
  const root = show(slider, model);
  await turn();
  press(root, "ArrowRight", true);
  await vi.advanceTimersByTimeAsync(200);
  expect(model.get("value")).toBe(0.75);
  expect(model.sent).toEqual([]);
});

test("temperature and die ask for another draw", async () => {
  const model = make();
  const root = show(slider, model);
  await turn();
  const select = root.querySelector(".mv-select") as HTMLSelectElement;
  const dice = root.querySelector(".mv-drawing .mv-button") as HTMLElement;
  expect(select.selectedOptions[0]?.textContent).toBe("likeliest");
  expect(dice.hidden).toBe(true);
  select.value = "0.8";
  select.dispatchEvent(new Event("change"));
  expect(model.sent.at(-1)).toMatchObject({ op: "draw", args: { temperature: 0.8, seed: 4 } });
  model.set("temperature", 0.33);
  await turn();
  expect(select.selectedOptions[0]?.textContent).toBe("0.33");
  expect(dice.hidden).toBe(false);
  model.emit("msg:custom", { id: (model.sent[0] as { id: string }).id, ok: true, result: {} }, []);
  await turn();
  dice.click();
  expect(model.sent.at(-1)).toMatchObject({ op: "draw", args: { temperature: 0.33, seed: 5 } });
});

test("without a language model there is no curve of cost, without distances none at all", async () => {
  const curves = { latent: { places, distances: [[0, 0, 0, 0, 1]], costs: [] }, data: {} };
  const model = make({ _curves: curves });
  const root = show(slider, model);
  await turn();
  const plots = [...root.querySelectorAll<HTMLElement>(".mv-curve")];
  expect(plots.map((plot) => plot.hidden)).toEqual([false, true]);
  model.set("_curves", {});
  await turn();
  expect(root.querySelector<HTMLElement>(".mv-curves")?.hidden).toBe(true);
});

test("traits that are damaged leave a widget that can be used", async () => {
  const model = make({
    value: Number.NaN,
    _curves: { latent: { places: [[Number.NaN, 0]], distances: "x", costs: [Number.NaN] } },
    _stops: "none",
    labels: null,
    _exact: { at: Number.NaN },
    temperature: "hot",
  });
  const root = show(slider, model);
  await turn();
  expect(root.dataset).toMatchObject({ step: "0", notes: "1" });
  press(root, "ArrowRight");
  await turn();
  expect(model.get("value")).toBe(0.25);
});
