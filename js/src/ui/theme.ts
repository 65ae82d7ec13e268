/** Taking the host's theme (LOOK.md 3). */

import { type Look, lookOf, luminance, type Theme } from "../core/palette";

/** Light, dark, and the paper of the host; `own` where the host's paper does not suit our inks. */
export interface Surface {
  readonly theme: Theme;
  /** The host's paper as a CSS colour; empty where none was found. */
  readonly paper: string;
  readonly own: boolean;
  readonly forced: boolean;
}

interface Found {
  readonly colour: string;
  readonly luminance: number;
}

/** Bytes and alpha of a computed colour, or null where the form is not known. */
export function parseColour(text: string): [number, number, number, number] | null {
  const match = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:[\s,/]+([\d.]+)(%?))?\s*\)$/.exec(text);
  if (match) {
    const alpha = match[4] === undefined ? 1 : Number(match[4]) / (match[5] === "%" ? 100 : 1);
    return [Number(match[1]), Number(match[2]), Number(match[3]), alpha];
  }
  const srgb = /^color\(srgb\s+([\d.]+)\s+([\d.]+)\s+([\d.]+)(?:\s*\/\s*([\d.]+))?\)$/.exec(text);
  if (!srgb) return null;
  return [255 * Number(srgb[1]), 255 * Number(srgb[2]), 255 * Number(srgb[3]), Number(srgb[4] ?? 1)];
}

/** Walks up, through shadow roots, to the first background that covers what is behind it. */
function firstBackground(element: Element): Found | null {
  let node: Element | null = element;
  while (node) {
    const colour = getComputedStyle(node).backgroundColor;
    const rgba = parseColour(colour);
    if (rgba && rgba[3] > 0.95) return { colour, luminance: luminance(rgba[0], rgba[1], rgba[2]) };
    const root: Node = node.getRootNode();
    node = node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  }
  return null;
}

function declaredTheme(): Theme {
  const { documentElement: html, body } = document;
  const lab = body?.dataset.jpThemeLight;
  if (lab !== undefined) return lab === "false" ? "dark" : "light";
  if (html.getAttribute("theme") === "dark") return "dark";
  if (body?.classList.contains("vscode-dark")) return "dark";
  if (body?.classList.contains("vscode-high-contrast")) {
    return body.classList.contains("vscode-high-contrast-light") ? "light" : "dark";
  }
  if (html.classList.contains("dark") || body?.classList.contains("dark")) return "dark";
  return matches("(prefers-color-scheme: dark)") ? "dark" : "light";
}

export const matches = (query: string): boolean =>
  typeof matchMedia === "function" && matchMedia(query).matches;

/** The surface under an element; `setting` is the `theme` trait. */
export function surfaceUnder(element: Element, setting: string): Surface {
  const forced = matches("(forced-colors: active)");
  const found = firstBackground(element);
  const host: Theme = found ? (found.luminance < 0.2 ? "dark" : "light") : declaredTheme();
  const theme: Theme = setting === "light" || setting === "dark" ? setting : host;
  const grey = found !== null && found.luminance > 0.03 && found.luminance < 0.85;
  return { theme, paper: found?.colour ?? "", own: !forced && (grey || theme !== host), forced };
}

export const lookOn = (surface: Surface): Look =>
  lookOf(surface.theme, surface.forced, surface.own || surface.paper === "" ? undefined : surface.paper);

/** Calls back, within a frame, when the host may have changed its theme. */
export function watchTheme(element: Element, changed: () => void): () => void {
  let frame = 0;
  const later = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(changed);
  };
  const observer = new MutationObserver(later);
  const options = {
    attributes: true,
    attributeFilter: ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-jp-theme-name"],
  };
  observer.observe(document.documentElement, options);
  if (document.body) observer.observe(document.body, options);
  const root = element.getRootNode();
  if (root instanceof ShadowRoot) observer.observe(root.host, options);
  const queries = ["(prefers-color-scheme: dark)", "(forced-colors: active)"].map((query) =>
    matchMedia(query),
  );
  for (const query of queries) query.addEventListener("change", later);
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
    for (const query of queries) query.removeEventListener("change", later);
  };
}
