/** The piano roll without a kernel: it is edited and played, but nobody judges it (piano_roll.py). */

import type { Answers } from "./standalone";
import { limit, type Parts } from "./standalone-parts";

export const rollAnswers = (parts: Parts): Answers => ({
  heard() {
    // What the model refused of the music as it was says nothing of what it has become.
    parts.model.put({ _refused: [], _status: {} });
    return {};
  },
  upload() {
    throw limit(parts, "page.file");
  },
});
