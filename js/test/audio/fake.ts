/** An AudioContext whose clock the test sets, and which remembers what was started. */

export interface FakeSource {
  buffer: AudioBuffer | null;
  started: { at: number; offset: number } | null;
  stopped: number | null;
  gain: FakeParam | null;
}

export class FakeParam {
  value = 1;
  readonly events: (string | number)[][] = [];
  setValueAtTime(value: number, at: number) {
    this.events.push(["set", value, at]);
  }
  linearRampToValueAtTime(value: number, at: number) {
    this.events.push(["ramp", value, at]);
  }
  setTargetAtTime(value: number, at: number) {
    this.value = value;
    this.events.push(["target", value, at]);
  }
  cancelScheduledValues(at: number) {
    this.events.push(["cancel", at]);
  }
}

export class FakeBuffer {
  readonly #data: Float32Array<ArrayBuffer>[];
  constructor(
    readonly numberOfChannels: number,
    readonly length: number,
    readonly sampleRate: number,
  ) {
    this.#data = Array.from({ length: numberOfChannels }, () => new Float32Array(length));
  }
  get duration() {
    return this.length / this.sampleRate;
  }
  getChannelData(channel: number) {
    return this.#data[channel] as Float32Array<ArrayBuffer>;
  }
  copyToChannel(source: Float32Array, channel: number) {
    this.getChannelData(channel).set(source);
  }
}

class FakeNode {
  gain = new FakeParam();
  curve: Float32Array | null = null;
  constructor(private readonly source: FakeSource | null = null) {}
  connect(to: FakeNode) {
    if (this.source && to instanceof FakeNode) this.source.gain = to.gain;
    return to;
  }
  disconnect() {}
}

class FakeSourceNode extends FakeNode implements FakeSource {
  buffer: AudioBuffer | null = null;
  started: { at: number; offset: number } | null = null;
  stopped: number | null = null;
  override connect(to: FakeNode) {
    this.gain = to.gain;
    return to;
  }
  start(at = 0, offset = 0) {
    this.started = { at, offset };
  }
  stop(at = 0) {
    this.stopped = at;
  }
}

export class FakeContext {
  currentTime = 0;
  sampleRate = 1000;
  outputLatency = 0;
  baseLatency: number | undefined;
  state = "suspended";
  /** What resume does: a browser that waits for a click never answers. */
  wakes = true;
  readonly destination = new FakeNode();
  readonly sources: FakeSourceNode[] = [];

  resume(): Promise<void> {
    if (!this.wakes) return new Promise(() => {});
    this.state = "running";
    return Promise.resolve();
  }
  createBufferSource() {
    const source = new FakeSourceNode();
    this.sources.push(source);
    return source;
  }
  createGain() {
    return new FakeNode();
  }
  createWaveShaper() {
    return new FakeNode();
  }
  createBuffer(channels: number, length: number, rate: number) {
    return new FakeBuffer(channels, length, rate);
  }

  /** What is to be heard: sources that were not taken back before they began. */
  get heard() {
    return this.sources
      .filter(({ started, stopped }) => started && !(stopped !== null && stopped <= started.at))
      .map(({ started, stopped }) => ({ ...(started as { at: number; offset: number }), stopped }));
  }
}
