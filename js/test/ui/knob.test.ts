import { afterEach, expect, test, vi } from "vitest";
import { lookOf } from "../../src/core/palette";
import { arc, at, Knob, type KnobProps } from "../../src/ui/knob";

const PROPS: KnobProps = {
  asked: 0.5,
  got: 0.25,
  detent: 0.4,
  comb: [1, 0, 0.5],
  locked: false,
  colour: "#329e8d",
  label: "Density",
  keys: "Arrows turn.",
  range: [0.1, 0.9, 0.5],
  text: "asked 0.50, got 0.30",
};

function make(more: Partial<KnobProps> = {}) {
  const actions = {
    turn: vi.fn(),
    step: vi.fn(),
    reset: vi.fn(),
    lock: vi.fn(),
    type: vi.fn(),
    request: vi.fn(),
  };
  const knob = new Knob(actions);
  document.body.append(knob.el);
  knob.paint(lookOf("light"));
  knob.resize(100);
  knob.update({ ...PROPS, ...more });
  return { knob, actions };
}

const key = (el: Element, name: string, more = {}) =>
  el.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }));

afterEach(() => document.body.replaceChildren());

test("the travel goes from seven to five o'clock, its middle is up", () => {
  const [x0, y0] = at(0, 10);
  expect([x0, y0].map((v) => v.toFixed(3))).toEqual(["-7.071", "7.071"]);
  expect(at(0.5, 10).map((v) => Math.round(v))).toEqual([0, -10]);
  const [x1, y1] = at(1, 10);
  expect([x1, y1].map((v) => v.toFixed(3))).toEqual(["7.071", "7.071"]);
});

test("an arc goes clockwise from the lower place, the long way round where it is long", () => {
  expect(arc(0.5, 0, 10)).toBe("M-7.07 7.07A10 10 0 0 1 0 -10");
  expect(arc(0, 1, 10)).toBe("M-7.07 7.07A10 10 0 1 1 7.07 7.07");
});

test("a knob says what it is, its range and both values", () => {
  const { knob } = make();
  expect(Object.fromEntries([...knob.el.attributes].map(({ name, value }) => [name, value]))).toMatchObject({
    role: "slider",
    tabindex: "0",
    "aria-label": "Density",
    "aria-valuemin": "0.1",
    "aria-valuemax": "0.9",
    "aria-valuenow": "0.5",
    "aria-valuetext": "asked 0.50, got 0.30",
    "aria-disabled": "false",
  });
});

test("the miss is the arc between pointer and diamond, and none where nothing is missed", () => {
  const { knob } = make();
  const miss = () => knob.el.querySelector(".mv-knob-miss")?.getAttribute("d");
  expect(miss()).toBe(arc(0.25, 0.5, 27));
  knob.update({ ...PROPS, got: null });
  expect(miss()).toBe("");
  expect(knob.el.querySelector<SVGElement>(".mv-knob-diamond")?.style.display).toBe("none");
  knob.update({ ...PROPS, got: 0.5 });
  expect(miss()).toBe("");
});

test("the diamond goes to its value in 240 ms", () => {
  const { knob, actions } = make();
  knob.update({ ...PROPS, got: 0.75 });
  expect(actions.request).toHaveBeenCalled();
  const place = () => knob.el.querySelector(".mv-knob-diamond")?.getAttribute("transform");
  expect(knob.frame(1000)).toBe(true);
  const first = place();
  expect(knob.frame(1120)).toBe(true);
  expect(place()).not.toBe(first);
  expect(knob.frame(1240)).toBe(false);
  const [x, y] = at(0.75, 27).map((v) => Math.round(v * 100) / 100);
  expect(place()).toBe(`translate(${x} ${y}) rotate(${-135 + 270 * 0.75 + 45})`);
});

test("keys turn, finely with Shift, reset, lock and type", () => {
  const { knob, actions } = make();
  key(knob.el, "ArrowUp");
  key(knob.el, "ArrowLeft", { shiftKey: true });
  key(knob.el, "PageDown");
  expect(actions.step.mock.calls).toEqual([[1], [-1 / 8], [-10]]);
  key(knob.el, "Home");
  expect(actions.reset).toHaveBeenCalledOnce();
  key(knob.el, "l");
  expect(actions.lock).toHaveBeenCalledOnce();
  key(knob.el, "7");
  key(knob.el, "Enter");
  expect(actions.type.mock.calls).toEqual([["7"], [""]]);
});

test("a locked knob can be unlocked and nothing else", () => {
  const { knob, actions } = make({ locked: true });
  for (const name of ["ArrowUp", "Home", "5", "Enter"]) key(knob.el, name);
  knob.el.dispatchEvent(new MouseEvent("dblclick"));
  expect(actions.step).not.toHaveBeenCalled();
  expect(actions.reset).not.toHaveBeenCalled();
  expect(actions.type).not.toHaveBeenCalled();
  expect(knob.el.getAttribute("aria-disabled")).toBe("true");
  key(knob.el, "L");
  expect(actions.lock).toHaveBeenCalledOnce();
});

test("keys of the notebook pass by, those of the knob do not", () => {
  const { knob } = make();
  const heard = vi.fn();
  document.body.addEventListener("keydown", heard);
  key(knob.el, "ArrowUp");
  expect(heard).not.toHaveBeenCalled();
  key(knob.el, "s", { ctrlKey: true });
  expect(heard).toHaveBeenCalledOnce();
  document.body.removeEventListener("keydown", heard);
});

test("the wheel belongs to the page until the knob has the focus", () => {
  const { knob, actions } = make();
  const wheel = () => knob.el.dispatchEvent(new WheelEvent("wheel", { deltaY: -100, cancelable: true }));
  wheel();
  expect(actions.step).not.toHaveBeenCalled();
  knob.el.focus();
  wheel();
  expect(actions.step).toHaveBeenCalledWith(1);
});
