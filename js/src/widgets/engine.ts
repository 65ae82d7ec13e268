/** static/engine.js: the instruments, loaded once a page at the first play. */
export { SoundFont } from "../audio/soundfont";
