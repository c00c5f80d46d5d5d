// The page: what comes from the server goes to the parts that show it.

import { Angles } from './angles.js';
import { Connection } from './connection.js';
import { find } from './dom.js';
import { Nodes } from './nodes.js';
import { Events, People } from './people.js';
import { Player } from './player.js';
import { Settings } from './settings.js';
import { Stage } from './stage.js';
import { Timeline } from './timeline.js';

const REDRAW = 100; // [ms] between two drawings of curves, timeline and nodes
const SILENCE = 2000; // [ms] without a frame after which the page says so

const stage = new Stage(find('#image'));
const timeline = new Timeline(find('#timeline'));
const angles = new Angles();
const nodes = new Nodes();
const events = new Events();
const people = new People(null);
let lastFrame = performance.now();
let arrivals = [];
let live = true;
let lost = false;

const connection = new Connection({ take, frame, state });
const request = (type, content) => connection.request(type, content);
const settings = new Settings(request);
const player = new Player(request, { timeline, angles, events });

function state(name) {
  const shown = find('#connection');
  lost = name === 'lost';
  shown.textContent = lost ? 'connection lost, trying again' : 'connected';
  shown.dataset.state = lost ? 'bad' : 'good';
}

function take(message) {
  if (message.type === 'hello') start(message);
  else if (message.type === 'event') {
    events.add(message);
    timeline.add(message);
  } else if (message.type === 'angles') angles.add(message);
  else if (message.type === 'node') nodes.take(message);
}

/** A connection begins, also after a loss: events so far follow. */
function start(hello) {
  stage.formats = hello.formats;
  live = hello.mode === 'live';
  find('#title').textContent = hello.title;
  document.title = hello.title ? `pose_ros ${hello.title}` : 'pose_ros';
  events.clear();
  timeline.clear();
  angles.clear();
  nodes.start(hello.expected, hello.now);
  find('#nodes').hidden = !live;
  for (const name of ['latency', 'model']) find(`#${name}`).parentElement.hidden = !live;
  people.lock = hello.control ? (id) => act('lock', { method: 'id', id }) : null;
  find('#lock').hidden = !hello.control;
  find('#settings').hidden = !hello.control;
  if (hello.control) settings.load();
  if (!live) player.start();
}

async function frame(scene, jpeg) {
  let image = null;
  if (jpeg.byteLength) {
    try {
      image = await createImageBitmap(new Blob([jpeg], { type: 'image/jpeg' }));
    } catch {
      // a damaged image: people are shown without it
    }
  }
  // A hidden page draws nothing, and gets no more images until it is seen again.
  requestAnimationFrame(() => {
    connection.shown();
    stage.show(scene, image);
    people.show(scene);
    lastFrame = performance.now();
    arrivals = [...arrivals.filter((time) => time > lastFrame - 2000), lastFrame];
    if (live) timeline.now = scene.time;
    if (scene.model) find('#model').textContent = scene.model;
    if (scene.latency != null) find('#latency').textContent = `${Math.round(scene.latency * 1000)} ms`;
  });
}

function redraw() {
  timeline.draw();
  angles.draw();
  nodes.draw();
  const silence = performance.now() - lastFrame;
  const rate = arrivals.filter((time) => time > performance.now() - 2000).length / 2;
  find('#rate').textContent = `${rate.toFixed(0)} Hz`;
  let notice = '';
  if (lost) notice = 'The connection is lost.';
  else if (live && silence > SILENCE) {
    const reason = nodes.reason();
    notice = `No image for ${Math.round(silence / 1000)} s${reason && `. ${reason}`}`;
  } else if (!stage.scene) notice = 'Waiting for images';
  find('#notice').textContent = notice;
}

async function act(type, content) {
  const reply = await connection.request(type, content);
  const answer = find('#answer');
  answer.textContent = reply.content;
  answer.classList.toggle('bad', !reply.ok);
}

find('#unlock').onclick = () => act('unlock');
for (const button of document.querySelectorAll('#lock button')) {
  button.onclick = () => act('lock', { method: button.dataset.method });
}
setInterval(redraw, REDRAW);
