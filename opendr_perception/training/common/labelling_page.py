"""The page for labelling itself: the film, a line of time on which actions are drawn, and a list of rows."""

PAGE = """<!doctype html>
<html lang="en"><head><title>Label recordings</title><style>
body { background: #16181c; color: #ddd; font: 14px sans-serif; margin: 12px; max-width: 900px }
img { display: block; max-width: 100%; height: 55vh; background: #000 }
canvas { width: 100%; height: 46px; background: #24272d; cursor: crosshair; display: block; margin: 6px 0 }
input, select, button { font: inherit; background: #24272d; color: #ddd; border: 1px solid #555; padding: 3px 6px }
td { padding: 1px 12px 1px 0 } #said { color: #f88 } p { color: #999 }
</style></head><body>
<select id="recording"></select> <span id="time"></span>
<img id="frame" alt=""><canvas id="line" width="900" height="46"></canvas>
<label>label <input id="label" list="labels" maxlength="40"></label><datalist id="labels"></datalist>
<button id="play">play</button> <button id="mark">begin</button> <span id="said"></span>
<p>Draw an action on the line with the mouse. Or play (space), press b where it begins, and b again where it ends;
arrows go a frame back and forth. Each row is saved at once; a click on a row goes there.</p>
<table></table><script src="/label.js"></script></body></html>
"""

SCRIPT = """
"use strict";
const $ = name => document.getElementById(name), line = $("line"), pen = line.getContext("2d");
let recordings = [], rows = [], chosen = 0, at = 0, begun = null, drawn = null, timer = null;

const film = () => recordings[chosen];
const time = number => film().times[number];
const span = () => Math.max(film().times[film().times.length - 1], 0.1);
const here = () => rows.filter(row => row.recording === film().name);
const colour = label => `hsl(${[...label].reduce((sum, each) => sum * 31 + each.charCodeAt(0), 7) % 360} 60% 45%)`;

function nearest(seconds) {
  const after = film().times.findIndex(each => each >= seconds);
  return after < 0 ? film().times.length - 1 : after;
}

function bar(begin, end, text, fill) {
  const scale = line.width / span(), left = begin * scale, wide = Math.max(2, (end - begin) * scale);
  pen.fillStyle = fill; pen.fillRect(left, 8, wide, 30);
  pen.fillStyle = "#fff"; pen.fillText(text, left + 3, 26, Math.max(1, wide - 4));
}

function show() {
  $("frame").src = `/frame?recording=${chosen}&number=${at}`;
  $("time").textContent = `${time(at).toFixed(1)} of ${span().toFixed(1)} s`;
  $("mark").textContent = begun === null ? "begin" : "end";
  pen.clearRect(0, 0, line.width, line.height); pen.font = "13px sans-serif";
  for (const row of here()) bar(+row.begin, +row.end, row.label, colour(row.label));
  if (begun !== null) bar(begun, Math.max(begun, time(at)), "", "#fff6");
  if (drawn) bar(Math.min(...drawn), Math.max(...drawn), "", "#fff6");
  pen.fillStyle = "#fff"; pen.fillRect(time(at) * line.width / span() - 1, 0, 2, line.height);
}

function list() {
  document.querySelector("table").replaceChildren(...rows.map(row => {
    const line = document.createElement("tr"), remove = document.createElement("button");
    for (const each of ["recording", "begin", "end", "label"]) line.insertCell().textContent = row[each];
    remove.textContent = "remove";
    remove.onclick = event => { event.stopPropagation(); save(rows.filter(each => each !== row)); };
    line.insertCell().append(remove);
    line.onclick = () => {
      chosen = Math.max(0, recordings.findIndex(each => each.name === row.recording));
      $("recording").value = chosen; at = nearest(+row.begin); show();
    };
    return line;
  }));
  $("labels").replaceChildren(...[...new Set(rows.map(row => row.label))].map(each => new Option(each, each)));
}

async function save(wanted) {
  const sent = {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(wanted)};
  const reply = await (await fetch("/rows", sent)).json();
  $("said").textContent = reply.error;
  if (!reply.error) rows = wanted;
  list(); show();
}

function add(begin, end) {
  const row = {recording: film().name, begin: begin.toFixed(2), end: end.toFixed(2), label: $("label").value.trim()};
  if (!row.label) { $("said").textContent = "write a label first"; show(); return; }
  save([...rows, row]);
}

function mark() {
  if (begun === null) { begun = time(at); show(); return; }
  const from = begun; begun = null; add(from, time(at));
}

function play() {
  $("play").textContent = timer ? "play" : "pause";
  if (timer) { clearInterval(timer); timer = null; return; }
  const first = performance.now() - 1000 * time(at);
  timer = setInterval(() => {
    at = nearest((performance.now() - first) / 1000);
    if (at === film().times.length - 1) play();
    show();
  }, 50);
}

const seconds = event => Math.min(Math.max(event.offsetX / line.clientWidth, 0), 1) * span();
line.onpointerdown = event => { line.setPointerCapture(event.pointerId); drawn = [seconds(event), seconds(event)]; };
line.onpointermove = event => { if (drawn) { drawn[1] = seconds(event); at = nearest(drawn[1]); show(); } };
line.onpointerup = event => {
  const [from, to] = [drawn[0], seconds(event)].sort((a, b) => a - b);
  drawn = null; at = nearest(seconds(event));
  if (to - from > 0.01 * span()) add(from, to); else show();
};
document.onkeydown = event => {
  if (event.target === $("label")) return;
  const actions = {" ": play, b: mark, ArrowLeft: () => { at = Math.max(0, at - 1); show(); },
                   ArrowRight: () => { at = Math.min(film().times.length - 1, at + 1); show(); }};
  if (actions[event.key]) { event.preventDefault(); actions[event.key](); }
};
$("play").onclick = play; $("mark").onclick = mark;
$("recording").onchange = () => { chosen = +$("recording").value; at = 0; begun = null; show(); };
fetch("/recordings").then(each => each.json()).then(told => {
  ({recordings, rows} = told);
  $("recording").replaceChildren(...recordings.map((each, number) => new Option(each.name, number)));
  list(); show(); window.ready = true;
});
"""
