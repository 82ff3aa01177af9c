// Runs face-api's own networks: node original_faces.mjs PACKAGE CROPS RESULT
// CROPS has N x 150 x 150 x 3 bytes for the embedder, then N x 112 x 112 x 3 for the expression network.
import fs from 'fs';

class Missing {}
const canvas = { getContext: () => null };
Object.assign(globalThis, {
  window: globalThis, document: { createElement: () => canvas }, // its bundle is made for browsers
  HTMLVideoElement: Missing, HTMLImageElement: Missing, HTMLCanvasElement: Missing,
  CanvasRenderingContext2D: Missing, ImageData: Missing,
});
const [folder, crops, result] = process.argv.slice(2);
const faceapi = await import(`${folder}/dist/face-api.esm.js`);
await faceapi.tf.setBackend('cpu');
faceapi.env.monkeyPatch({
  readFile: (path) => fs.promises.readFile(path), fetch: globalThis.fetch,
  Canvas: Missing, Image: Missing, ImageData: Missing, Video: Missing,
  createCanvasElement: () => canvas, createImageElement: () => ({}), createVideoElement: () => ({}),
});

const bytes = fs.readFileSync(crops);
const count = bytes.length / (150 * 150 * 3 + 112 * 112 * 3);
async function run(network, start, side) {
  await network.loadFromDisk(`${folder}/model`);
  const size = side * side * 3;
  const results = [];
  for (let k = 0; k < count; k++) {
    const pixels = new Float32Array(bytes.subarray(start + k * size, start + (k + 1) * size));
    const output = await network.forward(faceapi.tf.tensor(pixels, [1, side, side, 3]));
    results.push(Array.from(await output.data()));
  }
  return results;
}
const embeddings = await run(faceapi.nets.faceRecognitionNet, 0, 150);
const probabilities = await run(faceapi.nets.faceExpressionNet, count * 150 * 150 * 3, 112);
fs.writeFileSync(result, JSON.stringify({ embeddings, probabilities }));
