import { expect, test, vi } from "vitest";
import type { Decode } from "../../src/core/decoding";
import { translator } from "../../src/core/i18n";
import { encodeNotes } from "../../src/core/notes";
import { Work } from "../../src/core/work";
import { Channel } from "../../src/host/channel";
import { Rpc } from "../../src/host/rpc";
import { Limit, revive, rowsOf, StandaloneModel } from "../../src/host/standalone";
import { solve } from "../../src/host/standalone-bench";
import { padAnswers, sliderAnswers } from "../../src/host/standalone-interpolation";
import type { Parts } from "../../src/host/standalone-parts";
import { rollAnswers } from "../../src/host/standalone-roll";
import { note } from "../make";

const t = translator("en");
const bytes = (numbers: readonly number[]) => new DataView(Float32Array.from(numbers).buffer);

/** Decodes to one note whose pitch says where. */
const decode: Decode = async (points, { programs = [] } = {}) =>
  points.map((z, k) => ({
    notes: [{ ...note(0, 1, Math.round(60 + 10 * (z[0] as number))), program: programs[k] ?? 0 }],
    tokens: Uint8Array.from([1, 0]),
    width: 1,
    got: {},
  }));

function open(
  traits: Record<string, unknown>,
  data: Record<string, unknown>,
  can: Decode | null = decode,
): Parts {
  return { model: new StandaloneModel(traits), data, decode: can, plane: null, t };
}

const slider = (can: Decode | null = decode) =>
  open(
    {
      steps: 5,
      space: "latent",
      temperature: null,
      seed: 0,
      _stops: [0, 4],
      _curves: { latent: { distances: [[0, 1, 1, 1, 1]], costs: [1, 2, 3, 4, 5] } },
      _notes: encodeNotes([0, 1, 2, 3, 4].map((k) => note(0, 1, 40 + k))),
      _offsets: [0, 1, 2, 3, 4, 5],
    },
    { size: 2, z: bytes([1, 0, 0, 1]), programs: [3, 9], tokens: new Uint8Array([1, 1, 0, 0]) },
    can,
  );

test("a page answers through the same channel as a kernel", async () => {
  const parts = slider();
  parts.model.answer(sliderAnswers(parts), () => new Limit("no"));
  const work = new Work();
  const channel = new Channel(new Rpc(parts.model), work, "decode");
  const heard = vi.fn();
  parts.model.on("change:_exact", heard);
  const reply = await channel.latest("decode", { value: 0.5 });
  expect(reply?.result).toEqual({ value: 0.5 });
  expect(heard).toHaveBeenCalledOnce();
  // Half way along the arc, both are heard alike.
  expect(parts.model.get("_exact")).toEqual({
    at: 0.5,
    space: "latent",
    place: [],
    cost: null,
    distances: [0.5, 0.5],
  });
  expect(work.strain).toBeNull();
});

test("what a page cannot do is said as news and not as a fault", async () => {
  const parts = slider(null);
  parts.model.answer(sliderAnswers(parts), () => new Limit("unknown", "hint"));
  const work = new Work();
  const channel = new Channel(new Rpc(parts.model), work, "decode");
  expect(await channel.latest("decode", { value: 0.5 })).toBeNull();
  const status = { kind: "info", text: t("page.notebook"), hint: t("page.notebook.hint") };
  expect(work.strain).toEqual({ kind: "failed", status });
  await channel.latest("other", {});
  expect(work.strain).toEqual({ kind: "failed", status: { kind: "info", text: "unknown", hint: "hint" } });
});

test("a slow answer says that the page decodes, and nothing of a kernel", async () => {
  vi.useFakeTimers();
  const parts = slider();
  let finish = () => {};
  const slow = () => new Promise<object>((done) => (finish = () => done({})));
  parts.model.answer({ slow }, () => new Limit(""));
  const work = new Work();
  const asked = new Channel(new Rpc(parts.model), work, "slow").latest("slow", {});
  await vi.advanceTimersByTimeAsync(20_000);
  expect(work.strain).toEqual({ kind: "working" });
  finish();
  await asked;
  expect(work.strain).toBeNull();
  vi.useRealTimers();
});

test("a draw changes what lies between the waypoints, and leaves them", async () => {
  const parts = slider();
  await sliderAnswers(parts).draw?.({ temperature: 1, seed: 5 });
  const cells = new Float32Array((parts.model.get("_notes") as Uint8Array).buffer.slice(0));
  const pitches = Array.from({ length: 5 }, (_, k) => cells[7 * k + 2]);
  expect(pitches[0]).toBe(40);
  expect(pitches[4]).toBe(44);
  expect(pitches.slice(1, 4)).toEqual([69, 67, 64]);
  expect(parts.model.get("seed")).toBe(5);
  const { latent } = parts.model.get("_curves") as { latent: { distances: number[][]; costs: number[] } };
  expect(latent.distances[0]).toEqual([0, 0.5, 0.5, 0.5, 1]);
  expect(latent.costs).toEqual([]);
});

test("the pad goes to places between cells, with the sound of the nearest corner", async () => {
  const z = [1, 0, 0, 1, -1, 0, 0, -1];
  const parts = open({ n: 3, _score: {} }, { size: 2, z: bytes(z), programs: [1, 2, 3, 4] });
  const answer = await padAnswers(parts).decode?.({ row: 0, column: 0.4 });
  const [table] = answer?.buffers ?? [];
  expect(answer?.result).toMatchObject({ value: [0, 0.4], cost: null, place: null });
  const cells = new Float32Array((table as Uint8Array).buffer.slice(0));
  expect(cells[2]).toBe(Math.round(60 + 10 * Math.cos((0.2 * Math.PI) / 2)));
  expect(cells[5]).toBe(1);
});

test("an edited roll keeps no marks of what was refused before", async () => {
  const parts = open({ _refused: [[0, 1, 2, 0]], _status: { text: "no" } }, {});
  await rollAnswers(parts).heard?.({});
  expect(parts.model.get("_refused")).toEqual([]);
  expect(() => rollAnswers(parts).upload?.({})).toThrow(t("page.file"));
});

test("bytes of the file are found however deep they lie", () => {
  const made = revive({ a: [{ $bytes: btoa("\x00\x00\x80\x3f") }], b: null, c: 1 }) as { a: unknown[] };
  expect([...rowsOf(made.a[0], 1)].map((row) => row[0])).toEqual([1]);
  expect(made).toMatchObject({ b: null, c: 1 });
});

test("small systems are solved, and a direction that is not there is left alone", () => {
  const close = (found: number[], expected: number[]) =>
    expected.forEach((x, k) => {
      expect(found[k]).toBeCloseTo(x, 10);
    });
  close(
    solve(
      [
        [0, 2],
        [3, 1],
      ],
      [4, 5],
    ),
    [1, 2],
  );
  close(
    solve(
      [
        [1, 1],
        [1, 1],
      ],
      [2, 2],
    ),
    [2, 0],
  );
});
