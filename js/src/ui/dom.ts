/** Elements without markup strings: text is always set as text. */

type Attributes = Readonly<Record<string, string | number>>;

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className: string,
  attributes: Attributes = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.className = className;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function s<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Node[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** Sets an attribute only where it differs: observers and screen readers see real changes alone. */
export function put(element: Element, name: string, value: string | number): void {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

export function say(element: Node, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

let count = 0;
/** A fresh id for aria references within the page. */
export const freshId = (stem: string): string =>
  `mv-${stem}-${++count}-${Math.random().toString(36).slice(2, 7)}`;
