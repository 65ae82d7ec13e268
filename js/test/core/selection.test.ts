import { expect, test } from "vitest";
import { fresh, kept, neighbour, noteNear, toggled } from "../../src/core/selection";
import { note } from "../make";

const [a, b, c, low] = [note(0, 1, 60), note(1, 2, 64), note(2, 4, 62), note(2, 3, 50)];
const hit = note(2, 2.25, 36, { track: 1, drum: true });
const hat = note(2, 2.25, 42, { track: 1, drum: true });
const all = [a, b, low, c, hit, hat];

test("left and right go in order of time, through a chord from low to high", () => {
  const walk = [a];
  for (let next = neighbour(all, a, "right"); next; next = neighbour(all, next, "right")) walk.push(next);
  expect(walk).toEqual([a, b, low, c]);
  expect(neighbour(all, c, "left")).toBe(low);
  expect(neighbour(all, a, "left")).toBeUndefined();
});

test("up and down go within a chord, then to the next track, else to the nearest pitch", () => {
  expect(neighbour(all, c, "down")).toBe(low);
  expect(neighbour(all, low, "up")).toBe(c);
  expect(neighbour(all, low, "down")).toBe(hat);
  expect(neighbour(all, hit, "up")).toBe(hat);
  expect(neighbour(all, hat, "up")).toBe(low);
  expect(neighbour([a, b], a, "up")).toBe(b);
  expect(neighbour([a, b], b, "up")).toBeUndefined();
});

test("the first step goes to the note at the playhead", () => {
  expect(noteNear(all, 1.5, 0)).toBe(b);
  expect(noteNear(all, 7, 0)).toBe(c);
  expect(noteNear([], 0, 0)).toBeUndefined();
  expect(noteNear(all, 0, 5)).toBe(a);
});

test("sets of notes", () => {
  expect([...toggled(new Set([a]), b)]).toEqual([a, b]);
  expect([...toggled(new Set([a]), a)]).toEqual([]);
  expect([...kept(new Set([a, b]), [b, c])]).toEqual([b]);
  expect([...fresh([a, b], [a])]).toEqual([b]);
});
