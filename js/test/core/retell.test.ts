import { expect, test } from "vitest";
import { TABLES } from "../../src/core/i18n";
import { retell, retold } from "../../src/core/retell";

test("what the kernel says is said again with its values", () => {
  expect(retell("This is bars 1-2 of Soldier's Joy.", "zh")).toBe("这是Soldier's Joy的第 1-2 小节。");
  expect(
    retell("melody-2bar leaves out: Piano, bar 3, 3 notes above the model's range (and 2 more).", "zh"),
  ).toBe("melody-2bar 略去：Piano，第 3 小节，3 个音符高于模型的音域（另有 2 处）。");
  expect(retell("melody-2bar leaves out: Violin 2, bar 3, 3 notes above the model's range.", "zh")).toContain(
    "小提琴 2，第 3 小节",
  );
  expect(retell("keep the highest note", "zh")).toBe("保留最高音");
  const status = { kind: "info", text: "This is bar 1 of A.", hint: "nothing is lost" } as const;
  expect(retold(status, "zh")).toEqual({
    kind: "info",
    text: "这是A的第 1 小节。",
    hint: "没有丢失任何内容",
  });
  expect(retold(null, "zh")).toBeNull();
});

test("lists of places come apart", () => {
  expect(retell("From bars 1-2 of A, then bars 3-4 of B to bars 5-6 of C.", "zh")).toBe(
    "从A的第 1-2 小节，再到B的第 3-4 小节到C的第 5-6 小节。",
  );
  expect(retell("Only bars 1-2 of Salt and Pepper and bars 3-4 of B stand here.", "zh")).toBe(
    "这里只放Salt and Pepper的第 1-2 小节和B的第 3-4 小节。",
  );
});

test("a part alone is no sentence, and what is not known stays as it is", () => {
  expect(retell("the piece", "zh")).toBe("the piece");
  expect(retell("A knob is loose.", "zh")).toBe("A knob is loose.");
  expect(retell("This is bars 1-2 of A.", "en")).toBe("This is bars 1-2 of A.");
  expect(retell("", "zh")).toBe("");
});

test("every template finds itself, whatever fills it", () => {
  for (const [key, text] of Object.entries(TABLES.en).filter(([name]) => name.startsWith("said."))) {
    const filled = text.replace(/\{(\w+)\}/g, (_, name: string) => (name === "n" ? "7" : "Xyz"));
    const expected = TABLES.zh[key as keyof typeof TABLES.zh].replace(/\{(\w+)\}/g, (_, name: string) =>
      name === "n" ? "7" : "Xyz",
    );
    expect(retell(filled, "zh"), key).toBe(expected);
  }
});
