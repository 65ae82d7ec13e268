import { expect, test } from "vitest";
import { describeAt, describeClip, describeNote, lengthName, summary } from "../../src/core/describe";
import { counted, languageOf, TABLES, translator } from "../../src/core/i18n";
import { drumClass, pitchName } from "../../src/core/pitch";
import { MeterMap } from "../../src/core/time";
import { trackName } from "../../src/core/track-names";
import { clip, note } from "../make";

const en = translator("en");
const zh = translator("zh");

test("both languages have the same keys with the same placeholders", () => {
  expect(Object.keys(TABLES.zh).sort()).toEqual(Object.keys(TABLES.en).sort());
  const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const [key, text] of Object.entries(TABLES.en)) {
    expect(holes(TABLES.zh[key as keyof typeof TABLES.zh]), key).toEqual(holes(text));
    expect(text, key).not.toBe("");
    expect(text, key).not.toMatch(/!/);
  }
});

test("Chinese says everything in Chinese, save the letters A and B", () => {
  for (const [key, text] of Object.entries(TABLES.zh)) {
    // Letters and marks alone.
    if (/^slider\.route$|^compare\.[ab]$|^pad\.(comma|weight|spoken\.between)$|^mixer\.\w+\.short$/.test(key))
      continue;
    expect(
      text.replace(
        /\{\w+\}|Web Audio|Shift|Home|End|Page Up|Page Down|Delete|Alt|Esc|Ctrl|MusicXML|Python|roll\.sequence = mv\.read\(path\)|model\.clips\(piece\)\[i\]|General MIDI|fold_into_range|mvae_widgets|mv\.read|\bz\b/g,
        "",
      ),
      key,
    ).toMatch(/^[^a-z]*\p{Script=Han}[^a-z]*$/u);
  }
});

test("a track without a name of its own is called by its instrument, in the reader's language", () => {
  expect(TABLES.zh.instruments.split("|")).toHaveLength(128);
  const named = (name: string) => trackName(zh, { name, program: 0, drum: false });
  expect(named("Violin")).toBe("小提琴");
  expect(named("Violin 2")).toBe("小提琴 2");
  expect(named("Electric Piano 1")).toBe("电钢琴 1");
  expect(named("Electric Piano 1 3")).toBe("电钢琴 1 3");
  expect(named("Drums 2")).toBe("鼓 2");
  expect(named("Aunt Agnes 2")).toBe("Aunt Agnes 2");
  expect(named("Program 200")).toBe("Program 200");
  expect(trackName(en, { name: "Violin 2", program: 40, drum: false })).toBe("Violin 2");
});

test("counts take the singular for one alone", () => {
  expect(counted(en, "bars", 1)).toBe("1 bar");
  expect(counted(en, "bars", 2)).toBe("2 bars");
  expect(counted(zh, "notes", 13)).toBe("13 个音符");
});

test("the language follows the setting, else host or browser", () => {
  expect(languageOf("zh", "en", "en")).toBe("zh");
  expect(languageOf("auto", "zh-CN", "en")).toBe("zh");
  expect(languageOf("auto", "", "zh-TW")).toBe("zh");
  expect(languageOf("auto", "en", "zh-CN")).toBe("zh");
  expect(languageOf("auto", "en", "de")).toBe("en");
  expect(languageOf("en", "zh", "zh")).toBe("en");
});

test("middle C is C4, and drums have the classes of the reduced map", () => {
  expect([60, 61, 59, 0, 127].map(pitchName)).toEqual(["C4", "C♯4", "B3", "C-1", "G9"]);
  expect([36, 35, 40, 44, 26, 41, 47, 50, 57, 59].map(drumClass)).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("a note in words", () => {
  const meter = new MeterMap([[0, 4, 4]], 8);
  expect(describeNote(en, note(6, 7, 60), meter)).toBe("C4, bar 2 beat 3, quarter");
  expect(describeNote(zh, note(6, 7.5, 60), meter)).toBe("C4，第 2 小节第 3 拍，附点四分音符");
  expect(describeNote(en, note(0, 0.25, 36, { drum: true }), meter)).toBe("Kick, bar 1 beat 1");
  expect(lengthName(en, 2.2)).toBe("2.2 quarters");
});

test("what sounds at a quarter, and that nothing does", () => {
  const tune = clip([note(0, 1, 60), note(0, 2, 64)]);
  const meter = MeterMap.of(tune.score);
  expect(describeAt(en, tune, meter, 0)).toBe("C4, bar 1 beat 1, quarter; E4, bar 1 beat 1, half");
  expect(describeAt(en, tune, meter, 1)).toBe("E4, bar 1 beat 1, half");
  expect(describeAt(en, tune, meter, 5)).toBe("rest, bar 2 beat 2");
  const cluster = clip([...Array(9).keys()].map((i) => note(0, 1, 60 + i)));
  expect(describeAt(en, cluster, meter, 0)).toMatch(/; and 3 more$/);
});

test("a clip in words", () => {
  expect(describeClip(en, "Tune", clip([note(0, 1, 60), note(1, 2, 67)]))).toBe(
    "Tune, 2 bars · 2 notes, C4 to G4",
  );
  const drums = { tracks: [{ name: "Drums", program: 0, drum: true }] };
  expect(summary(en, clip([note(0, 1, 36, { drum: true })], 4, drums))).toBe("1 bar · 1 hit");
  expect(summary(en, clip([note(0, 1, 36, { track: 1 })]))).toBe("2 bars · 2 tracks");
});
