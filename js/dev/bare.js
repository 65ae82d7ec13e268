/**
 * A widget in a bare page: a model that stands in for the kernel's, and the built bundles.
 *
 * Serve the repository's root and import this file; the browser tests do the same.
 */

const COLUMNS = 7;

/** Rows of [start, end, pitch, velocity, track, program, is_drum] as the `_notes` trait holds them. */
export function pack(rows) {
  const view = new DataView(new ArrayBuffer(rows.length * 4 * COLUMNS));
  rows.flat().forEach((cell, index) => {
    view.setFloat32(4 * index, cell, true);
  });
  return view;
}

const decode64 = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
/** A trait or buffer as the kernel side sends it: bytes are {"$bytes": base64}. */
const fromKernel = (value) => (value?.$bytes !== undefined ? decode64(value.$bytes) : value);

/** And back: what the page sets as bytes. */
const toKernel = (value) =>
  value instanceof DataView
    ? {
        $bytes: btoa(
          String.fromCharCode(...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)),
        ),
      }
    : value;

/** A model whose kernel is a Python process: `ask(request)` gives back `{traits, messages}` (tests/browser/bare.py). */
export class KernelModel {
  #traits = {};
  #dirty = new Set();
  #listeners = new Map();
  #ask;

  constructor(traits, ask) {
    for (const [name, value] of Object.entries(traits)) this.#traits[name] = fromKernel(value);
    this.#ask = ask;
  }

  get(name) {
    return this.#traits[name];
  }

  set(name, value) {
    if (this.#traits[name] === value) return;
    this.#traits[name] = value;
    this.#dirty.add(name);
    this.emit(`change:${name}`, this, value);
  }

  save_changes() {
    const traits = Object.fromEntries([...this.#dirty].map((name) => [name, toKernel(this.#traits[name])]));
    this.#dirty.clear();
    void this.#ask({ traits }).then((told) => this.hear(told));
  }

  async send(content) {
    this.hear(await this.#ask({ message: content }));
  }

  /** How many listeners are left. */
  listening() {
    return [...this.#listeners.values()].reduce((sum, known) => sum + known.length, 0);
  }

  /** What the kernel side says: new values of traits, and messages with their buffers. */
  hear({ traits, messages }) {
    for (const [name, value] of Object.entries(traits)) {
      this.#traits[name] = fromKernel(value);
      this.emit(`change:${name}`, this, this.#traits[name]);
    }
    for (const [content, buffers] of messages) this.emit("msg:custom", content, buffers.map(decode64));
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    const left = (this.#listeners.get(event) ?? []).filter((item) => item !== listener);
    this.#listeners.set(event, left);
  }

  emit(event, ...values) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }
}

/** A model with traits, listeners and a kernel side that answers `asset` requests. */
export class BareModel {
  #traits;
  #assets;
  #listeners = new Map();
  /** How many times `save_changes` was called, and what was sent. */
  saves = 0;
  sent = [];

  /** @param assets Address of a file by name; a name without one gets an error, null gets no answer. */
  constructor(traits, assets = {}) {
    this.#traits = { ...DEFAULTS, ...traits };
    this.#assets = assets;
  }

  get(name) {
    return this.#traits[name];
  }

  set(name, value) {
    if (this.#traits[name] === value) return;
    this.#traits[name] = value;
    this.emit(`change:${name}`, this, value);
    this.emit("change");
  }

  save_changes() {
    this.saves += 1;
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  off(event, listener) {
    const left = (this.#listeners.get(event) ?? []).filter((item) => item !== listener);
    this.#listeners.set(event, left);
  }

  emit(event, ...values) {
    for (const listener of this.#listeners.get(event) ?? []) listener(...values);
  }

  async send(content) {
    this.sent.push(content);
    const { id, op, args } = content;
    if (op !== "asset" || this.#assets === null) return;
    const address = this.#assets[args.name];
    if (!address) {
      const error = { code: "asset", message: `No file "${args.name}".`, hint: "Give bare.js its address." };
      this.emit("msg:custom", { id, ok: false, error }, []);
      return;
    }
    const bytes = await (await fetch(address)).arrayBuffer();
    const result = { name: args.name, size: bytes.byteLength };
    this.emit("msg:custom", { id, ok: true, result }, [new DataView(bytes)]);
  }
}

const DEFAULTS = {
  title: "",
  subtitle: "",
  tempo: 120,
  volume: 0.8,
  loop: false,
  playing: false,
  theme: "auto",
  language: "auto",
  _status: {},
  _place: [],
  _refused: [],
};

const STATIC = new URL("../../mvae_widgets/static/", import.meta.url);

/** Shows a widget of a model; gives back what removes it. `kind` is "piano_roll" or "interpolation_slider". */
export async function mount(kind, model, el) {
  if (!document.querySelector("link[data-mv]")) {
    const link = document.createElement("link");
    Object.assign(link, { rel: "stylesheet", href: new URL("studio.css", STATIC).href });
    link.dataset.mv = "";
    document.head.append(link);
    await new Promise((resolve) => link.addEventListener("load", resolve));
  }
  const source = await (await fetch(new URL(`${kind}.js`, STATIC))).blob();
  // From a blob of its own, as anywidget loads it: nothing is shared but the page.
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const widget = module.default();
  const close = widget.initialize({ model });
  const views = [widget.render({ model, el })];
  return {
    view: (other) => views.push(widget.render({ model, el: other })),
    close: () => {
      for (const leave of views) leave();
      close();
    },
  };
}

/** Traits of a clip of examples.json. */
export function rollTraits(example) {
  const { title, subtitle, score, place, notes } = example;
  return { title, subtitle, tempo: score.tempos[0][1], _score: score, _place: place, _notes: pack(notes) };
}

/** Traits of a route of examples.json, at the step in the middle. */
export function sliderTraits({ labels, score, steps }) {
  const offsets = [0];
  for (const step of steps) offsets.push(offsets.at(-1) + step.notes.length);
  return {
    labels,
    loop: true,
    tempo: score.tempos[0][1],
    steps: steps.length,
    value: Math.floor((steps.length - 1) / 2) / (steps.length - 1),
    _score: score,
    _notes: pack(steps.flatMap((step) => step.notes)),
    _offsets: offsets,
    _stops: [0, steps.length - 1],
    _curves: { latent: { places: steps.map((step) => step.place) } },
  };
}
