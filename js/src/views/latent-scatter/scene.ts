/** What is shown of the points and over them, from the props and from where the map is looked at. */

import type { Translate } from "../../core/i18n";
import { type MapProps, numberOf, pointOf } from "../../core/latent-scatter-props";
import { paletteOf } from "../../core/map-palette";
import type { Look } from "../../core/palette";
import { type Overlay, type Px, SEAL } from "./overlay";
import type { Sight } from "./sight";

const WORDS = { pitch: ["higher", "lower"], kit: ["brighter", "darker"] } as const;

/** What the hand is doing. */
export interface Doing {
  /** In px. */
  readonly lasso: readonly Px[];
  /** The point under the pointer; -1 where there is none. */
  readonly hovered: number;
  readonly cross: Px | null;
}

/** The rectangle between two px, as a polygon. */
export const cornersOf = (a: Px, b: Px): Px[] => [a, [b[0], a[1]], b, [a[0], b[1]]];

/** Which of the reader's own clips lies under a px; -1 for none. */
export function markAt({ marks }: MapProps, sight: Sight, [x, y]: Px): number {
  return marks.findIndex(({ at }) => {
    const [mx, my] = sight.px(at);
    return Math.abs(mx - x) <= SEAL / 2 + 2 && Math.abs(my - y) <= SEAL / 2 + 2;
  });
}

/** A byte for each point that stands out: of the group, where there is one, and of the selection; null for all. */
export function litOf({ cloud, selection }: MapProps, group: number | null): Uint8Array | null {
  const mask = selection.count > 0 ? selection.mask : null;
  if (!mask && group === null) return null;
  const lit = new Uint8Array(cloud.size);
  for (let i = 0; i < cloud.size; i++) {
    const chosen = group === null || cloud.groups[i] === group;
    lit[i] = chosen && (!mask || mask[numberOf(cloud, i)]) ? 1 : 0;
  }
  return lit;
}

export function overlayOf(props: MapProps, sight: Sight, look: Look, t: Translate, doing: Doing): Overlay {
  const { width, height } = sight.camera;
  const { here, cloud, selection } = props;
  const pair = WORDS[props.words as keyof typeof WORDS];
  const near = here && props.neighbours ? here.near.map((number) => pointOf(cloud, number)) : [];
  const colours = paletteOf(props.legend, look);
  const dot = (point: number) => {
    const code = Math.min(colours.length - 1, cloud.codes[point] ?? 0);
    return { at: sight.pointPx(point), colour: colours[code] ?? look.tokens.ink };
  };
  return {
    width,
    height,
    look,
    words: pair ? [t(`map.${pair[0]}`), t(`map.${pair[1]}`), t("map.sparser"), t("map.busier")] : [],
    route: props.route.map((spot) => sight.px(spot)),
    near: near.filter((point) => point >= 0).map(dot),
    marks: props.marks.map((mark) => ({ mark, at: sight.px(mark.at) })),
    here: here ? { here, at: sight.px(here.at) } : null,
    pending: props.pending ? sight.px(props.pending) : null,
    hovered: doing.hovered >= 0 ? dot(doing.hovered) : null,
    lasso: doing.lasso,
    selected: selection.count > 0 ? countOf(selection.count, doing.lasso, [width, height], t) : null,
    cross: doing.cross,
  };
}

/** How many are selected, below the lasso's right end; at the foot of the map where there is no lasso. */
function countOf(count: number, lasso: readonly Px[], size: Px, t: Translate): Overlay["selected"] {
  const text = t("map.selected", { n: count.toLocaleString("en") });
  const [width, height] = size;
  if (lasso.length === 0) return { text, at: [width / 2, height - 28] };
  const right = Math.max(...lasso.map(([x]) => x));
  const bottom = Math.max(...lasso.map(([, y]) => y));
  const x = Math.max(50, Math.min(width - 50, right));
  return { text, at: [x, Math.max(16, Math.min(height - 10, bottom + 18))] };
}
