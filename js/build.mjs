// Builds the page side into mvae_widgets/static: the same sources give the same bytes.
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const js = dirname(fileURLToPath(import.meta.url));
const root = dirname(js);
const out = join(root, "mvae_widgets", "static");

const common = {
  absWorkingDir: root,
  outdir: out,
  bundle: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

await mkdir(out, { recursive: true });
// Every file of the widgets room is a bundle of its own; those named on the command line, or all.
const entries = (await readdir(join(js, "src", "widgets")))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => process.argv.length < 3 || process.argv.includes(name))
  .sort();
await esbuild.build({
  ...common,
  entryPoints: Object.fromEntries(
    entries.map((name) => [name.replaceAll("-", "_"), `js/src/widgets/${name}.ts`]),
  ),
});
await esbuild.build({ ...common, entryPoints: { widget: "js/src/widget.css" } });

const parts = [
  {
    name: "spessasynth_core",
    note: "SoundFont synthesiser, bundled into engine.js. It holds fflate's inflate (MIT, below).",
  },
  ...[
    [
      "regl-scatterplot",
      "Scatter plots by WebGL, bundled into scatter_engine.js with what it is made of, below.",
    ],
    ["regl", "Bundled into scatter_engine.js."],
    ["regl-line", "Bundled into scatter_engine.js."],
    ["dom-2d-camera", "Bundled into scatter_engine.js."],
    ["camera-2d-simple", "Bundled into scatter_engine.js."],
    ["gl-matrix", "Bundled into scatter_engine.js."],
    ["pub-sub-es", "Bundled into scatter_engine.js."],
    ["earcut", "Bundled into scatter_engine.js."],
    ["@flekschas/utils", "Bundled into scatter_engine.js."],
  ].map(([name, note]) => ({ name, note })),
  {
    name: "stb-vorbis",
    note: "Vorbis decoder, bundled into engine.js; its C source is in the public domain.",
  },
];
const texts = await Promise.all(
  parts.map(async ({ name, note }) => {
    const { version, license } = JSON.parse(
      await readFile(join(root, "node_modules", name, "package.json"), "utf8"),
    );
    const folder = join(root, "node_modules", name);
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e(\.md)?$/i.test(entry));
    const text = await readFile(join(folder, file), "utf8");
    return `${name} ${version} (${license})\n${note}\n\n${text.trim()}\n`;
  }),
);
const own = "Third-party code in this folder\n\nThe widgets' own bundles and widget.css hold none.\n";
const inside = await Promise.all(
  ["fflate.txt", "mourner.txt"].map((name) => readFile(join(js, "licences", name), "utf8")),
);
const rule = `\n${"-".repeat(78)}\n\n`;
await writeFile(join(out, "THIRD_PARTY.txt"), [own, ...texts, ...inside].join(rule));
