/** What a decoder's numbers mean (nn/heads.py): each head turns those of one step into its row. */

import { sigmoid } from "./lstm";
import type { Uniform } from "./random";
import type { Weights } from "./weights";

/** How a step is drawn: by temperature and random numbers. */
export interface Draw {
  readonly temperature: number;
  readonly uniform: Uniform;
}

/** The row of a step, from the decoder's numbers; null draws nothing and takes the likeliest. */
export type Head = (numbers: Float32Array, draw: Draw | null) => Float32Array;

/** Gumbel noise, times the temperature: the largest of logits plus it is a draw from their softmax. */
const gumbel = ({ temperature, uniform }: Draw): number => -temperature * Math.log(-Math.log(uniform()));

/** Logistic noise, times the temperature: the sign of a logit plus it is a draw from its Bernoulli. */
function logistic({ temperature, uniform }: Draw): number {
  const u = uniform();
  return temperature * Math.log(u / (1 - u));
}

/** One class out of each part; of equal ones the first. */
const categorical =
  (parts: readonly number[]): Head =>
  (numbers, draw) => {
    const row = new Float32Array(numbers.length);
    let first = 0;
    for (const size of parts) {
      let best = first;
      let most = Number.NEGATIVE_INFINITY;
      for (let k = first; k < first + size; k++) {
        const score = (numbers[k] as number) + (draw ? gumbel(draw) : 0);
        if (score > most) {
          best = k;
          most = score;
        }
      }
      row[best] = 1;
      first += size;
    }
    return row;
  };

const boolean: Head = (numbers, draw) => numbers.map((logit) => (logit + noise(draw) >= 0 ? 1 : 0));

const noise = (draw: Draw | null): number => (draw ? logistic(draw) : 0);

/** Hits, velocities and offsets: only hits are chosen. */
const groove: Head = (numbers, draw) => {
  const third = numbers.length / 3;
  return numbers.map((x, k) => {
    if (k < third) return x + noise(draw) > 0 ? 1 : 0;
    return k < 2 * third ? sigmoid(x) : Math.tanh(x);
  });
};

/** As a groove; velocity and offset are 0 where nothing is hit. */
const strokes: Head = (numbers, draw) => {
  const row = groove(numbers, draw);
  const third = row.length / 3;
  return row.map((x, k) => x * (row[k % third] as number));
};

/** Bits that each see the bits before them. */
function nade(weights: Weights): Head {
  const [bits = 0, hidden = 0] = weights.shape("encode");
  const encode = weights.get("encode");
  const decode = weights.get("decode");
  return (numbers, draw) => {
    const seen = numbers.slice(0, hidden);
    const row = new Float32Array(bits);
    for (let bit = 0; bit < bits; bit++) {
      let score = (numbers[hidden + bit] as number) + noise(draw);
      for (let k = 0; k < hidden; k++)
        score += sigmoid(seen[k] as number) * (decode[bit * hidden + k] as number);
      if (score < 0) continue;
      row[bit] = 1;
      for (let k = 0; k < hidden; k++) seen[k] = (seen[k] as number) + (encode[bit * hidden + k] as number);
    }
    return row;
  };
}

/** The head of a kind; throws for one that is not known. */
export function headOf(kind: string, depth: number, parts: readonly number[], weights: Weights): Head {
  switch (kind) {
    case "categorical":
      return categorical([depth]);
    case "multi":
      return categorical(parts);
    case "boolean":
      return boolean;
    case "groove":
      return groove;
    case "strokes":
      return strokes;
    case "nade":
      return nade(weights);
    default:
      throw new Error(`there is no head "${kind}"`);
  }
}
