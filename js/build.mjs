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
  alias: { "stb-vorbis": join(js, "vorbis.js") },
  logLevel: "warning",
};

await mkdir(out, { recursive: true });
// Every file of the widgets room is a bundle of its own; those named on the command line, or all.
const entries = (await readdir(join(js, "src", "widgets")))
  .map((file) => file.replace(/\.ts$/, ""))
  .filter((name) => process.argv.length < 3 || process.argv.includes(name))
  .sort();
const I18N = /i18n[\\/]\w+\.json$/;

/** A bundle with those texts alone whose keys `wanted` lets pass. */
function bundle(name, wanted, write) {
  const texts = {
    name: "texts",
    setup: (build) =>
      build.onLoad({ filter: I18N }, async ({ path }) => {
        const all = Object.entries(JSON.parse(await readFile(path, "utf8")));
        const some = Object.fromEntries(all.filter(([key]) => wanted(key)));
        return { contents: JSON.stringify(some), loader: "json" };
      }),
  };
  const entryPoints = { [name.replaceAll("-", "_")]: `js/src/widgets/${name}.ts` };
  return esbuild.build({ ...common, entryPoints, write, plugins: [texts] });
}

// A saved notebook holds the bundle of each of its widgets: it gets the groups of texts (`map.`, `edit.`) that its
// code names, and no others.
for (const name of entries) {
  const { outputFiles } = await bundle(name, () => false, false);
  const code = outputFiles[0].text;
  const named = new Map();
  const wanted = (key) => {
    const group = key.match(/^\w+/)[0];
    if (!named.has(group)) named.set(group, new RegExp(`["'\`]${group}["'\`.:]`).test(code));
    return named.get(group);
  };
  await bundle(name, wanted, true);
}
const sheets = { widget: "js/src/widget.css", studio: "js/src/studio.css", page: "js/src/page.css" };
await esbuild.build({ ...common, entryPoints: sheets });

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
const own = "Third-party code in this folder\n\nThe widgets' own bundles and sheets hold none.\n";
const inside = await Promise.all(
  ["fflate.txt", "mourner.txt"].map((name) => readFile(join(js, "licences", name), "utf8")),
);
const rule = `\n${"-".repeat(78)}\n\n`;
await writeFile(join(out, "THIRD_PARTY.txt"), [own, ...texts, ...inside].join(rule));
