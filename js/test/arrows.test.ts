/// <reference types="vite/client" />
import { expect, test } from "vitest";

/** Which room may import from which, besides itself (ARCHITECTURE.md, "Page side"). */
const MAY: Record<string, string[]> = {
  core: [],
  audio: ["core"],
  ui: ["core"],
  views: ["core", "audio", "ui"],
  host: ["core"],
  model: ["core"],
  widgets: ["core", "views", "host", "model"],
};

const SOURCES = import.meta.glob<string>("../src/**/*.ts", { query: "?raw", import: "default", eager: true });

/** static/engine.js is the SoundFont itself, static/scatter_engine.js the map's WebGL: files of their own. */
const ENGINES = ["../src/widgets/engine.ts", "../src/widgets/scatter-engine.ts"];

const imports = (text: string) => [...text.matchAll(/from "([^"]+)"/g)].map((match) => match[1] as string);

test.each(Object.keys(MAY))("%s imports only what it may", (room) => {
  const files = Object.entries(SOURCES).filter(
    ([path]) => path.startsWith(`../src/${room}/`) && !ENGINES.includes(path),
  );
  expect(files).not.toHaveLength(0);
  for (const [path, text] of files) {
    for (const target of imports(text).filter((name) => name.startsWith(".") && !name.endsWith(".json"))) {
      const to = new URL(target, `file:///js/test/${path}`).pathname.split("/")[3] ?? "";
      expect([room, ...(MAY[room] ?? [])], `${path} -> ${target}`).toContain(to);
    }
  }
});

/** What stands in its own asset and never in a notebook. */
const PACKAGES: Record<string, string[]> = {
  "../src/audio/soundfont.ts": ["spessasynth_core"],
  "../src/widgets/scatter-engine.ts": ["regl-scatterplot"],
};

test("only the SoundFont renderer and the map's engine import a package", () => {
  for (const [path, text] of Object.entries(SOURCES)) {
    const packages = imports(text).filter((name) => !name.startsWith("."));
    expect(packages, path).toEqual(PACKAGES[path] ?? []);
  }
});

test("only exported pages carry the decoder", () => {
  const users = Object.entries(SOURCES).filter(
    ([path, text]) =>
      !path.startsWith("../src/model/") && imports(text).some((name) => name.includes("/model/")),
  );
  expect(users.map(([path]) => path).sort()).toEqual([
    "../src/widgets/page-worker.ts",
    "../src/widgets/page.ts",
  ]);
});
