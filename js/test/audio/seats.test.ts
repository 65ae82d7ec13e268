import { expect, test, vi } from "vitest";
import type { Playing, Programme } from "../../src/audio/player";
import { type Brought, Seats, SONG } from "../../src/audio/seats";
import { Emitter } from "../../src/core/emitter";
import { clip, note } from "../make";

const tune = (pitch: number, quarters = 8) => clip([note(0, 1, pitch)], quarters);
const song = tune(1, 32);
const transport = { tempo: 100, loop: true, volume: 0.5, region: [0, 4] as const };

/** A player that remembers what it was told. */
function fake() {
  const player = {
    changed: new Emitter(),
    playing: false,
    position: 0,
    notice: null,
    engine: "builtin",
    tracks: [],
    since: 0,
    programme: null as Programme | null,
    set: (programme: Programme) => {
      player.programme = programme;
    },
    play: vi.fn(async () => {
      player.playing = true;
    }),
    pause: vi.fn(),
    stop: vi.fn(() => {
      player.playing = false;
      player.position = 0;
    }),
    toggle: vi.fn(),
    seek: vi.fn((quarter: number) => {
      player.position = quarter;
    }),
    quarterAt: () => 3,
    wake: () => {},
    ready: () => {},
    dispose: () => {},
  };
  const seats = new Seats(player as unknown as Playing, { clip: song, ...transport });
  const brought: Brought[] = [];
  seats.brought.on((news) => brought.push(news));
  const seat = (part: string, pitch: number) => seats.seat(part)(null, { clip: tune(pitch), ...transport });
  return { player, seats, seat, brought };
}

test("what a part has is heard once a hand is on it", () => {
  const { player, seats, seat, brought } = fake();
  const [roll, pad] = [seat("roll", 60), seat("pad", 61)];
  expect(player.programme?.clip.notes[0]?.pitch).toBe(60);
  // The kernel lets the pad show something: nobody asked to hear it.
  pad.set({ clip: tune(62), ...transport });
  expect(seats.leader).toBe("roll");
  seats.touch("pad");
  const shown = tune(63);
  pad.set({ clip: shown, ...transport, tempo: 200 });
  expect(seats.leader).toBe("pad");
  // The clip is the part's, the transport the Studio's.
  expect(player.programme).toMatchObject({ clip: shown, tempo: 100, volume: 0.5, region: [0, 4] });
  expect(brought).toEqual([{ part: "pad", clip: shown, place: null }]);
  // The roll follows; that it does takes nothing from the pad.
  roll.set({ clip: shown, ...transport });
  expect(seats.leader).toBe("pad");
});

test("the roll's playhead runs wherever its clip sounds, another part's in that part alone", () => {
  const { player, seats, seat } = fake();
  const [roll, pad, slider] = [seat("roll", 60), seat("pad", 61), seat("slider", 62)];
  player.playing = true;
  player.position = 10;
  seats.lead("pad");
  // The pad plays a path, whose clip under the playhead the roll shows.
  expect([roll.playing, roll.position]).toEqual([true, 2]);
  expect([pad.playing, pad.position]).toEqual([true, 10]);
  expect([slider.playing, slider.position]).toEqual([false, 0]);
  seats.lead(SONG);
  expect([roll.playing, pad.playing]).toEqual([false, false]);
  seats.within = (quarter) => quarter - 8;
  expect([roll.playing, roll.position]).toEqual([true, 2]);
});

test("song and clip are each gone on with where they were left, without a loop of the clip's in the song", () => {
  const { player, seats, seat } = fake();
  seat("roll", 60);
  player.position = 3;
  seats.lead(SONG);
  expect(player.programme).toMatchObject({ clip: song, region: null });
  expect(player.position).toBe(0);
  player.position = 17;
  seats.lead("roll");
  expect(player.position).toBe(3);
  seats.lead(SONG);
  expect(player.position).toBe(17);
});

test("who is played from elsewhere begins anew; a toggle in the part that leads pauses", async () => {
  const { player, seats, seat } = fake();
  const pad = seat("pad", 61);
  player.playing = true;
  pad.toggle();
  await vi.waitFor(() => expect(player.play).toHaveBeenCalledOnce());
  expect(player.stop).toHaveBeenCalledOnce();
  expect(seats.leader).toBe("pad");
  pad.toggle();
  expect(player.toggle).toHaveBeenCalledOnce();
  pad.dispose();
  expect(seats.programmeOf("pad")).toBeUndefined();
});

test("the roll is not led to what Compare lets one hear", () => {
  const { seats, seat, brought } = fake();
  const compare = seat("compare", 60);
  seats.touch("compare");
  compare.set({ clip: tune(65), ...transport });
  expect(seats.leader).toBe("compare");
  expect(brought).toEqual([]);
});
