"""The light page itself: a canvas for each camera, and lines of text."""

PAGE = """<!doctype html>
<html lang="en"><head><title>opendr_perception</title><style>
body { background: #16181c; color: #ddd; font: 14px sans-serif; margin: 12px }
main { display: flex; flex-wrap: wrap; gap: 12px } figure { margin: 0 } canvas { max-width: 100%; display: block }
td { padding: 1px 12px 1px 0 } figcaption { color: #999 }
</style></head><body><main></main><table></table><script src="/quick.js"></script></body></html>
"""

SCRIPT = """
"use strict";
const cameras = new Map(), lines = new Map(), table = document.querySelector("table");
window.painted = {};  // stream -> stamp of the image that is seen, and when it was drawn, ms: for whoever measures

function camera(stream) {
  if (!cameras.has(stream)) {
    const figure = document.createElement("figure"), caption = document.createElement("figcaption");
    const canvas = document.createElement("canvas");
    canvas.width = 640; canvas.height = 480; caption.textContent = stream || "/";
    figure.append(canvas, caption); document.querySelector("main").append(figure);
    cameras.set(stream, {canvas, image: null, stamp: 0, layers: new Map()});
  }
  return cameras.get(stream);
}

function draw(stream) {
  const {canvas, image, stamp, layers} = camera(stream), pen = canvas.getContext("2d");
  if (image) { canvas.width = image.width; canvas.height = image.height; pen.drawImage(image, 0, 0); }
  else pen.clearRect(0, 0, canvas.width, canvas.height);
  pen.lineWidth = 2; pen.font = "14px sans-serif";
  for (const {shapes, limbs} of layers.values()) {
    for (const [colour, [[x, y], [u, v]]] of limbs) {
      pen.strokeStyle = colour; pen.beginPath(); pen.moveTo(x, y); pen.lineTo(u, v); pen.stroke();
    }
    for (const [, name, box, colour] of shapes) {
      if (!box) continue;
      pen.strokeStyle = pen.fillStyle = colour; pen.strokeRect(box[0], box[1], box[2] - box[0], box[3] - box[1]);
      pen.fillText(name, box[0] + 3, box[1] + 14);
    }
  }
  requestAnimationFrame(() => requestAnimationFrame(() => { window.painted[stream] = {stamp, at: Date.now()}; }));
}

function tell() {
  table.replaceChildren(...[...lines].sort().map(([name, text]) => {
    const row = document.createElement("tr");
    for (const each of [name, text]) { const cell = row.insertCell(); cell.textContent = each; }
    return row;
  }));
}

new EventSource("/events").onmessage = async event => {
  const news = JSON.parse(event.data);
  if (!news) return;
  const {stream, name} = news;
  if (news.jpeg) {
    const bytes = Uint8Array.from(atob(news.jpeg), each => each.charCodeAt(0)), place = camera(stream);
    const image = await createImageBitmap(new Blob([bytes], {type: "image/jpeg"}));
    if (news.stamp < place.stamp - 1e9) place.layers.clear();
    place.image?.close(); place.image = image; place.stamp = news.stamp;
  }
  if (news.shapes) camera(stream).layers.set(name, news);
  if (news.jpeg || news.shapes) draw(stream);
  for (const [path, value] of Object.entries(news.plots)) lines.set(path, value.toPrecision(3));
  if (news.states) {
    const said = Object.entries(news.states).map(([track, state]) => `${track}: ${state}`).join(", ");
    lines.set(`${stream}/${name}`, said);
  }
  if (news.states || Object.keys(news.plots).length) tell();
};
"""
