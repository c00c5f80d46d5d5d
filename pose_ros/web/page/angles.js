// Joint angles of one person as curves: left and right of a joint in one chart.

import { chip, context, element, find } from './dom.js';

const WINDOW = 20; // [s]
const GAP = 0.5; // [s] without a sample after which a curve is interrupted
const FORGET = 5; // [s] after which a person without angles is not offered any more
// Names of the angles of each chart, by what colours them.
const CHARTS = {
  ...Object.fromEntries(['shoulder', 'elbow', 'hip', 'knee', 'ankle']
    .map((joint) => [joint, { left: `left_${joint}`, right: `right_${joint}` }])),
  'neck, trunk': { first: 'neck', second: 'trunk' },
};
const COLOURS = { left: '#ff9919', right: '#19d9ff', first: '#ffffff', second: '#b38cff' };

export class Angles {
  constructor() {
    this.root = find('#angles');
    this.charts = Object.entries(CHARTS)
      .map(([title, names]) => chart(title, names, find('.charts', this.root)));
    this.clear();
  }

  clear() {
    this.people = new Map(); // id: {colour, samples: [{time, angles}]}
    this.chosen = 0;
    this.now = 0;
    this.offered = '';
  }

  add({ id, time, colour, angles }) {
    if (!this.people.has(id)) this.people.set(id, { colour, samples: [] });
    const { samples } = this.people.get(id);
    if (samples.length && time < samples.at(-1).time) samples.length = 0; // the clock went back
    samples.push({ time, angles });
    while (samples[0].time < time - WINDOW) samples.shift();
    this.now = time;
  }

  draw() {
    for (const [id, { samples }] of this.people) {
      if (Math.abs(this.now - samples.at(-1).time) > FORGET) this.people.delete(id);
    }
    if (!this.people.has(this.chosen)) this.chosen = this.people.keys().next().value ?? 0;
    this.offer();
    const empty = !this.people.size;
    find('.empty', this.root).hidden = !empty;
    find('.charts', this.root).hidden = empty;
    if (!empty) this.charts.forEach((one) => drawChart(one, this.people.get(this.chosen), this.now));
  }

  /** Buttons to choose a person, if there are several. */
  offer() {
    const offered = `${[...this.people.keys()]} ${this.chosen}`;
    if (offered === this.offered) return;
    this.offered = offered;
    find('#whose').replaceChildren(...[...this.people].sort(([a], [b]) => a - b).map(([id, { colour }]) => {
      const button = chip(id, colour, 'button');
      button.ariaPressed = id === this.chosen;
      button.onclick = () => { this.chosen = id; this.draw(); };
      return button;
    }));
  }
}

function chart(title, names, parent) {
  const caption = element('figcaption', {}, element('span', { textContent: title }));
  const values = {};
  for (const [side, name] of Object.entries(names)) {
    values[side] = element('span', { className: side, title: name.replace('_', ' ') });
    caption.append(values[side]);
  }
  const canvas = element('canvas', { ariaLabel: `${title}: angle over time` });
  parent.append(element('figure', {}, caption, canvas));
  return { names, values, canvas };
}

function drawChart({ names, values, canvas }, { samples }, now) {
  const [pen, width, height] = context(canvas);
  pen.clearRect(0, 0, width, height);
  pen.lineWidth = 1.5;
  pen.lineJoin = 'round';
  const known = samples.flatMap(({ angles }) => Object.values(names).map((name) => angles[name]))
    .filter((angle) => angle != null);
  // At least 30 degrees, so that jitter is not shown as motion.
  const middle = (Math.min(...known) + Math.max(...known)) / 2;
  const reach = Math.max(Math.max(...known) - Math.min(...known), 30) / 2;
  for (const [side, name] of Object.entries(names)) {
    const latest = samples.at(-1).angles[name];
    values[side].textContent = latest == null ? '–' : `${Math.round(latest)}°`;
    pen.strokeStyle = COLOURS[side];
    pen.beginPath();
    let before = null;
    for (const { time, angles } of samples) {
      if (angles[name] == null) { before = null; continue; }
      const x = width * (1 - (now - time) / WINDOW);
      const y = height / 2 - ((angles[name] - middle) / reach) * (height / 2 - 4);
      if (before === null || time - before > GAP) pen.moveTo(x, y);
      else pen.lineTo(x, y);
      before = time;
    }
    pen.stroke();
  }
}
