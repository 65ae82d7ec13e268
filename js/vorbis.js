/**
 * What the SoundFont synthesiser gets for its Vorbis decoder (build.mjs): the decoder, but a page whose policy forbids
 * WebAssembly has the synthesiser without it. Plain SoundFonts need no decoder.
 */

// By its path: its name leads here.
import { StbVorbis as Decoder } from "../node_modules/stb-vorbis/dist/index.js";

export const StbVorbis = {
  ready: Decoder.ready.catch(() => undefined),
  decode: (data) => Decoder.decode(data),
};
