// What each person did over time: a lane for each, drawn on a canvas.

import { clock, context, nameOf } from './dom.js';

const WINDOW = 60; // [s] that the live view shows
const LEFT = 46; // [px] for the numbers of people
const AXIS = 22; // [px] for the times
const MAX_SPANS = 2000;
const COLOURS = { posture: '#5b6675', exercise: '#3fb27f', fall: '#f2555a' };
// Order within a lane.
const ROWS = { posture: 0, gesture: 1, exercise: 2, fall: 2 };

export class Timeline {
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector('canvas');
    this.range = null; // [start, end] of a recording [s]; null: the last WINDOW
    this.clear();
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  clear() {
    this.spans = [];
    this.going = new Map();
    this.colours = new Map();
    this.now = 0;
  }

  add(event) {
    const { time, kind, id, phase } = event;
    this.colours.set(id, event.colour);
    this.root.querySelector('.empty').hidden = true;
    if (kind === 'fall') this.addFall(event);
    else if (kind === 'exercise') {
      if (phase === 'repetition') {
        this.push({ start: time - event.duration, end: time, kind, id, words: event.words });
      }
    } else {
      const key = `${id} ${kind} ${event.name} ${event.hand}`;
      const span = this.going.get(key);
      if (phase === 'started') {
        const made = { start: time - event.duration, end: null, kind, id, words: event.words };
        this.going.set(key, made);
        this.push(made);
      } else if (span) {
        span.end = time;
        this.going.delete(key);
      } else {
        this.push({ start: time - event.duration, end: time, kind, id, words: event.words });
      }
    }
    if (!this.range) this.now = Math.max(this.now, time);
  }

  /** A fall lasts from its onset to the recovery; a person who is not seen again stays fallen. */
  addFall({ id, phase, time, duration }) {
    const key = `${id} fall`;
    const span = this.going.get(key);
    if (phase === 'recovered' || phase === 'closed') {
      if (span) span.end = time;
      this.going.delete(key);
    } else if (span) {
      span.words = phase;
    } else {
      const made = { start: time - duration, end: null, kind: 'fall', id, words: phase };
      this.going.set(key, made);
      this.push(made);
    }
  }

  push(span) {
    this.spans.push(span);
    if (this.spans.length > MAX_SPANS) this.spans.shift();
  }

  /** Stamp at a position of the canvas [px]. */
  timeAt(x) {
    const [start, end] = this.limits();
    const width = this.canvas.getBoundingClientRect().width - LEFT;
    return start + (Math.min(Math.max(x - LEFT, 0), width) / width) * (end - start);
  }

  limits() {
    return this.range ?? [this.now - WINDOW, this.now];
  }

  draw() {
    const [pen, width, height] = context(this.canvas);
    pen.clearRect(0, 0, width, height);
    const [start, end] = this.limits();
    const seen = this.spans.filter((span) => (span.end ?? end) >= start && span.start <= end);
    const people = [...new Set(seen.map((span) => span.id))].sort((a, b) => a - b);
    const scale = (width - LEFT) / Math.max(end - start, 1e-3);
    const at = (time) => LEFT + (time - start) * scale;
    this.drawAxis(pen, width, height, at, start, end);
    const lane = Math.min(66, (height - AXIS - 6) / Math.max(people.length, 1));
    people.forEach((id, number) => {
      const top = 6 + number * lane;
      pen.fillStyle = this.colours.get(id);
      pen.font = '650 12px system-ui, sans-serif';
      pen.textAlign = 'center';
      pen.textBaseline = 'middle';
      pen.fillText(nameOf(id), LEFT / 2, top + lane / 2, LEFT - 4);
      for (const span of seen.filter((one) => one.id === id)) {
        this.drawSpan(pen, span, at, end, top, lane);
      }
    });
    if (this.range) {
      pen.fillStyle = '#fff';
      pen.fillRect(at(this.now) - 1, 0, 2, height - AXIS);
    }
  }

  drawSpan(pen, span, at, end, top, lane) {
    const row = (lane - 4) / 3;
    const y = top + ROWS[span.kind] * row;
    const x = Math.max(at(span.start), LEFT);
    const last = span.end ?? (this.range ? end : this.now);
    const width = Math.max(at(Math.min(last, end)) - x - 1, 3);
    pen.fillStyle = COLOURS[span.kind] ?? this.colours.get(span.id);
    pen.beginPath();
    pen.roundRect(x, y, width, Math.max(row - 2, 2), 3);
    pen.fill();
    if (row < 13) return;
    pen.save();
    pen.clip();
    pen.font = '12px system-ui, sans-serif';
    pen.textAlign = 'left';
    pen.fillStyle = span.kind === 'gesture' ? '#0b0d10' : '#fff';
    if (width > pen.measureText(span.words).width + 8) {
      pen.fillText(span.words, x + 5, y + (row - 2) / 2 + 0.5);
    }
    pen.restore();
  }

  drawAxis(pen, width, height, at, start, end) {
    const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
    const step = steps.find((one) => (end - start) / one <= width / 90) ?? 7200;
    pen.font = '11px system-ui, sans-serif';
    pen.textAlign = 'center';
    pen.textBaseline = 'middle';
    for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
      const x = Math.round(at(time)) + 0.5;
      pen.fillStyle = '#262c35';
      pen.fillRect(x, 0, 1, height - AXIS);
      pen.fillStyle = '#8b95a5';
      if (x > LEFT + 22 && x < width - 26) pen.fillText(label(time), x, height - AXIS / 2);
    }
    pen.fillStyle = '#262c35';
    pen.fillRect(0, height - AXIS, width, 1);
    pen.fillRect(LEFT - 1, 0, 1, height - AXIS);
  }
}

const label = (time) => (time > 1e9 ? clock(time) : `${Math.round(time)} s`);
