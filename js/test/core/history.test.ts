import { describe, expect, test } from "vitest";
import { amend, begin, type History, redo, step, undo } from "../../src/core/history";
import { randomOf } from "../make";

test("undo and redo walk the same steps", () => {
  let history = begin("a");
  for (const next of ["b", "c", "d"]) history = step(history, next);
  expect(undo(undo(history)).present).toBe("b");
  expect(redo(redo(undo(undo(history)))).present).toBe("d");
  expect(redo(history)).toEqual(history);
  expect(undo(begin("a")).present).toBe("a");
});

test("a new step forgets what was undone, the same value is no step", () => {
  const history = step(undo(step(step(begin("a"), "b"), "c")), "x");
  expect(redo(history).present).toBe("x");
  expect(undo(history).present).toBe("b");
  expect(step(history, "x")).toBe(history);
});

test("an amended present is still one step, and the start itself cannot be amended away", () => {
  const history = amend(amend(step(begin("a"), "b"), "c"), "d");
  expect(history.present).toBe("d");
  expect(undo(history).present).toBe("a");
  expect(undo(amend(begin("a"), "b")).present).toBe("a");
});

describe("any sequence of steps, amendments, undos and redos", () => {
  test.each([1, 2, 3, 4, 5])("is as a list with a cursor would have it (seed %i)", (seed) => {
    const random = randomOf(seed);
    let history: History<number> = begin(0);
    let list = [0];
    let cursor = 0;
    for (let i = 1; i <= 3000; i++) {
      const what = random();
      if (what < 0.5) {
        history = step(history, i);
        list = [...list.slice(0, cursor + 1), i];
        cursor++;
      } else if (what < 0.6 && cursor > 0) {
        history = amend(history, i);
        list = [...list.slice(0, cursor), i];
      } else if (what < 0.85) {
        history = undo(history);
        cursor = Math.max(0, cursor - 1);
      } else {
        history = redo(history);
        cursor = Math.min(list.length - 1, cursor + 1);
      }
      expect(history.present).toBe(list[cursor]);
      expect(history.past === null).toBe(cursor === 0);
      expect(history.future === null).toBe(cursor === list.length - 1);
    }
    while (history.past) history = undo(history);
    expect(history.present).toBe(0);
  });
});
