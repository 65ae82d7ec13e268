// Measures magenta.js on the files of `peers.py`; its modules come from the folder that NODE_PATH names.
const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");

async function medianMs(work, repeats) {
  const times = [];
  for (let k = -3; k < repeats; k++) {
    const started = performance.now();
    await work();
    if (k >= 0) times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  return (times[(times.length - 1) >> 1] + times[times.length >> 1]) / 2;
}

async function main(folder, repeats) {
  // The wasm module is read from the disc only where there is no fetch.
  const { fetch } = globalThis;
  globalThis.fetch = undefined;
  const tf = require("@tensorflow/tfjs");
  require("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  globalThis.fetch = fetch;
  const { MusicVAE } = require("@magenta/music/node/music_vae");
  if (tf.getBackend() !== "wasm") throw new Error(`The backend is ${tf.getBackend()}.`);

  const job = JSON.parse(fs.readFileSync(path.join(folder, "job.json"), "utf8"));
  const server = http.createServer((request, response) => {
    response.end(fs.readFileSync(path.join(folder, "page", path.basename(request.url))));
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const model = new MusicVAE(`http://127.0.0.1:${server.address().port}`);
  await model.initialize();
  server.close();
  server.closeAllConnections();

  const read = (name) => {
    const { buffer, byteOffset, length } = fs.readFileSync(path.join(folder, `${name}.f32`));
    return tf.tensor(new Float32Array(buffer.slice(byteOffset, byteOffset + length)), job[name]);
  };
  const [x, z] = [read("x"), read("z")];
  const one = z.slice([0, 0], [1, z.shape[1]]);
  const clip = x.slice([0, 0, 0], [1, x.shape[1], x.shape[2]]);
  const numbers = async (tensor) => {
    const data = await tensor.data();
    tensor.dispose();
    return data;
  };
  const decode = async (latents) => numbers(await model.decodeTensors(latents));
  const encode = async (clips) => numbers(await model.encodeTensors(clips));
  const times = {
    "decode 1": await medianMs(() => decode(one), repeats),
    "decode 64": await medianMs(() => decode(z), repeats),
    "encode 1": await medianMs(() => encode(clip), repeats),
    "encode 64": await medianMs(() => encode(x), repeats),
  };
  fs.writeFileSync(path.join(folder, "magenta_js.steps.f32"), Float32Array.from(await decode(z)));
  fs.writeFileSync(path.join(folder, "magenta_js.mu.f32"), await encode(x));
  const simd = (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) ? "with" : "without";
  const versions = `magenta.js 1.23.1, tfjs ${tf.version.tfjs} wasm ${simd} SIMD, Node ${process.version}`;
  fs.writeFileSync(path.join(folder, "magenta_js.json"), JSON.stringify({ versions, times }));
}

main(process.argv[2], Number(process.argv[3]));
