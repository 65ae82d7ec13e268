/// <reference types="vite/client" />
import { expect, test } from "vitest";

/** Which room may import from which, besides itself (ARCHITECTURE.md, "Page side"). */
const MAY: Record<string, string[]> = {
  core: [],
  audio: ["core"],
  ui: ["core"],
  views: ["core", "audio", "ui"],
  host: ["core"],
  widgets: ["core", "views", "host"],
};

const SOURCES = import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true });

/** The static/engine.js entry is the SoundFont itself. */
const ENGINE = "../src/widgets/engine.ts";

const imports = (text: string) => [...text.matchAll(/from "([^"]+)"/g)].map((match) => match[1] as string);

test.each(Object.keys(MAY))("%s imports only what it may", (room) => {
  const files = Object.entries(SOURCES).filter(
    ([path]) => path.startsWith(`../src/${room}/`) && path !== ENGINE,
  );
  expect(files).not.toHaveLength(0);
  for (const [path, text] of files) {
    for (const target of imports(text).filter((name) => name.startsWith(".") && !name.endsWith(".json"))) {
      const to = new URL(target, `file:///js/test/${path}`).pathname.split("/")[3] ?? "";
      expect([room, ...(MAY[room] ?? [])], `${path} -> ${target}`).toContain(to);
    }
  }
});

test("only the SoundFont renderer imports a package", () => {
  for (const [path, text] of Object.entries(SOURCES)) {
    const packages = imports(text).filter((name) => !name.startsWith("."));
    expect(packages, path).toEqual(path.endsWith("soundfont.ts") ? ["spessasynth_core"] : []);
  }
});
