import { expect, test, vi } from "vitest";
import { encodeNotes } from "../../src/core/notes";
import slider from "../../src/widgets/interpolation-slider";
import roll from "../../src/widgets/piano-roll";
import { FakeModel } from "../host/fake";
import { note } from "../make";
import { COMMON, close, show, showViews, useFreshPage } from "./mounting";

const rollModel = (more = {}) =>
  new FakeModel({
    ...COMMON,
    title: "Tune",
    subtitle: "Book",
    loop: false,
    _place: [0.4, -0.2],
    _refused: [],
    _notes: encodeNotes([note(0, 1, 60), note(4, 6, 64)]),
    ...more,
  });

const steps = [[note(0, 1, 60)], [note(0, 1, 62), note(1, 2, 64)], [note(0, 1, 65)]];
const sliderModel = (more = {}) =>
  new FakeModel({
    ...COMMON,
    _notes: encodeNotes(steps.flat()),
    _offsets: [0, 1, 3, 4],
    _data_notes: encodeNotes([note(0, 1, 60), note(0, 1, 60), note(0, 1, 65)]),
    _data_offsets: [0, 1, 2, 3],
    _curves: {
      latent: {
        places: [
          [-1, 0],
          [0, 0],
          [1, 0],
        ],
        distances: [
          [0, 0.25, 1],
          [1, 0.5, 0],
        ],
        costs: [1.5, 2.25, 1.75],
      },
      data: {
        places: [[], [], []],
        distances: [
          [0, 0, 1],
          [1, 1, 0],
        ],
        costs: [1.5, 3.5, 1.75],
      },
    },
    _stops: [0, 2],
    _exact: {},
    _exact_notes: encodeNotes([]),
    space: "latent",
    snap: false,
    temperature: null,
    seed: 0,
    steps: 3,
    value: 0.5,
    labels: ["First", "Second"],
    ...more,
  });

const turn = () => vi.advanceTimersByTimeAsync(40);

useFreshPage();

test("a roll shows its title, its size and its state", async () => {
  const root = show(roll, rollModel());
  await turn();
  expect(root?.querySelector(".mv-title")?.textContent).toBe("Tune");
  expect(root?.querySelector(".mv-meta")?.textContent).toBe("Book · 2 bars · 2 notes");
  expect(root?.dataset).toMatchObject({ notes: "2", playing: "false", theme: "light", engine: "builtin" });
  expect(root?.dataset.playhead).toBe("0.000");
  expect(root?.querySelector(".mv-stage")?.getAttribute("aria-label")).toBe(
    "Tune, 2 bars · 2 notes, C4 to E4",
  );
});

test("titles are shown as text, whatever they hold", async () => {
  const root = show(roll, rollModel({ title: "<img src=x onerror=alert(1)>" }));
  expect(root?.querySelector("img")).toBeNull();
  expect(root?.querySelector(".mv-title")?.textContent).toBe("<img src=x onerror=alert(1)>");
});

test("new notes, an error and another language come through", async () => {
  const model = rollModel();
  const root = show(roll, model);
  model.set("_revision", 1);
  model.set("_notes", encodeNotes([]));
  await turn();
  expect(root?.dataset.notes).toBe("0");
  expect(root?.querySelector(".mv-status")?.textContent).toBe("No notes in this clip.");
  model.set("_status", { kind: "error", text: "It does not fit.", hint: "Cut it." });
  model.set("language", "zh");
  await turn();
  expect(root?.querySelector(".mv-status")?.textContent).toBe("It does not fit. Cut it.");
  expect(root?.querySelector<HTMLElement>(".mv-status")?.dataset.kind).toBe("error");
  expect(root?.querySelector(".mv-play")?.getAttribute("aria-label")).toBe("播放");
  expect(root?.lang).toBe("zh-CN");
});

test("arrows on the stage move by beat and say what sounds there", async () => {
  const root = show(roll, rollModel());
  const stage = root?.querySelector(".mv-stage") as HTMLElement;
  const press = (key: string) => stage.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  for (let i = 0; i < 5; i++) press("ArrowRight");
  await vi.advanceTimersByTimeAsync(200);
  expect(root?.querySelector(".mv-live")?.textContent).toBe("E4, bar 2 beat 1, half");
  expect(root?.querySelector(".mv-position")?.textContent).toBe("2.2 / 2");
  press("End");
  await vi.advanceTimersByTimeAsync(200);
  expect(root?.querySelector(".mv-live")?.textContent).toBe("rest, bar 2 beat 4");
  press("Home");
  await turn();
  expect(root?.dataset.playhead).toBe("0.000");
});

test("keys that the widget uses do not reach the notebook", () => {
  const root = show(roll, rollModel());
  const heard = vi.fn();
  document.body.addEventListener("keydown", heard);
  const stage = root?.querySelector(".mv-stage") as HTMLElement;
  stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  expect(heard).not.toHaveBeenCalled();
  stage.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", ctrlKey: true, bubbles: true }));
  expect(heard).toHaveBeenCalledOnce();
  document.body.removeEventListener("keydown", heard);
});

test("tempo, loop and volume are saved", async () => {
  const model = rollModel();
  const root = show(roll, model);
  const tempo = root?.querySelector(".mv-tempo") as HTMLInputElement;
  tempo.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowUp", bubbles: true }));
  expect(model.get("tempo")).toBe(113);
  tempo.dispatchEvent(new KeyboardEvent("keydown", { key: "8", bubbles: true }));
  tempo.value = "88,5";
  tempo.dispatchEvent(new Event("change"));
  expect(model.get("tempo")).toBe(88.5);
  root?.querySelector<HTMLElement>("[aria-label=Loop]")?.click();
  expect(model.get("loop")).toBe(true);
  const wedge = root?.querySelector(".mv-wedge");
  wedge?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft", bubbles: true }));
  expect(model.get("volume")).toBe(0.75);
  await turn();
  expect(wedge?.getAttribute("aria-valuetext")).toBe("75 percent");
  expect(root?.querySelector("[aria-label=Loop]")?.getAttribute("aria-pressed")).toBe("true");
});

test("play in a browser without sound says so and stays calm", async () => {
  vi.stubGlobal("AudioContext", undefined);
  const model = rollModel();
  const root = show(roll, model);
  root?.querySelector<HTMLElement>(".mv-play")?.click();
  await turn();
  expect(root?.querySelector(".mv-status")?.textContent).toMatch(/no sound output/);
  expect(model.get("playing")).toBe(false);
  vi.unstubAllGlobals();
});

test("a slider shows its step, and keys move it", async () => {
  const model = sliderModel();
  const root = show(slider, model);
  const handle = root?.querySelector("[role=slider].mv-slider") as HTMLElement;
  expect(root?.dataset).toMatchObject({ notes: "2", step: "1" });
  expect(root?.querySelector(".mv-meta")?.textContent).toBe("First → Second");
  expect(handle.getAttribute("aria-valuetext")).toBe("step 1 of 2 · 0.5");
  handle.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  await turn();
  expect(model.get("value")).toBe(1);
  expect(root?.dataset).toMatchObject({ notes: "1", step: "2" });
  handle.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
  await turn();
  expect(model.get("value")).toBe(0);
  expect(handle.getAttribute("aria-valuenow")).toBe("0");
});

test("a value between steps is shown at the nearest one", async () => {
  const root = show(slider, sliderModel({ value: 0.8 }));
  expect(root?.dataset.step).toBe("2");
});

test("two views of one model stay together", async () => {
  const model = sliderModel();
  const [one, two] = showViews(slider, model, 2);
  one
    ?.querySelector(".mv-slider")
    ?.dispatchEvent(new KeyboardEvent("keydown", { key: "End", bubbles: true }));
  await turn();
  expect([one?.dataset.step, two?.dataset.step]).toEqual(["2", "2"]);
});

test("closing leaves nothing behind", async () => {
  const model = rollModel();
  showViews(roll, model, 2);
  expect(model.listeners).toBeGreaterThan(0);
  close();
  expect(model.listeners).toBe(0);
  expect(document.querySelector(".mv-root")).toBeNull();
});
