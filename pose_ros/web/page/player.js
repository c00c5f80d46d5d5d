// Playing a recording: asks for the frame at each time, as fast as frames arrive.

import { find } from './dom.js';

const POLL = 1000; // [ms] between two questions for what is new while a recording is read
const CURVES = 20; // [s] of angles before a place that was jumped to

export class Player {
  /** @param request sends requests; parts: {timeline, angles, events} that show what comes */
  constructor(request, parts) {
    Object.assign(this, { request, ...parts });
    this.time = 0;
    this.wanted = null; // a place to jump to [s]
    this.playing = false;
    this.busy = false;
    find('#play').onclick = () => this.toggle();
    find('#scrubber').oninput = (event) => this.jump(event.target.valueAsNumber);
    find('#speed').onchange = () => this.mark();
    const canvas = find('#timeline canvas');
    canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); this.point(event); };
    canvas.onpointermove = (event) => event.buttons && this.point(event);
    document.addEventListener('keydown', (event) => {
      if (event.key === ' ' && this.on && event.target === document.body) {
        event.preventDefault();
        this.toggle();
      }
    });
  }

  /** Begin with a recording, also after a lost connection. */
  async start() {
    this.on = true;
    this.count = 0;
    this.busy = false;
    find('#player').hidden = false;
    const session = this.session = {};
    let first = true;
    for (;;) {
      const reply = await this.request('recording', { events: this.count });
      if (session !== this.session || !reply.ok) return;
      this.take(reply.content);
      if (first) this.jump(this.time);
      first = false;
      if (reply.content.progress >= 1) return;
      await new Promise((resolve) => { setTimeout(resolve, POLL); });
    }
  }

  take({ events, end, progress, fault }) {
    this.count += events.length;
    for (const event of events) {
      this.timeline.add(event);
      this.events.add(event);
    }
    this.end = end;
    this.timeline.range = [0, Math.max(end, 0.1)];
    this.timeline.now = this.time;
    find('#scrubber').max = end;
    find('#connection').textContent = fault || (progress < 1 ? `reading, ${Math.floor(100 * progress)} %` : 'ready');
    find('#connection').dataset.state = fault ? 'bad' : progress < 1 ? 'warn' : 'good';
    this.showClock();
  }

  point(event) {
    if (!this.on) return;
    const { left } = event.target.getBoundingClientRect();
    this.jump(this.timeline.timeAt(event.clientX - left));
  }

  jump(time) {
    this.wanted = Math.min(Math.max(time, 0), this.end ?? 0);
    this.next();
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.time >= this.end - 0.05) this.wanted = 0;
    find('#play').textContent = this.playing ? 'Pause' : 'Play';
    this.mark();
    this.next();
  }

  /** Note where and when playing went on. */
  mark() {
    this.origin = { time: this.wanted ?? this.time, at: performance.now() };
  }

  /** Ask for the next frame, unless one is on its way. */
  async next() {
    if (this.busy || !this.on || !(this.playing || this.wanted !== null)) return;
    this.busy = true;
    const session = this.session;
    let since = this.time;
    if (this.wanted !== null) {
      this.time = this.wanted;
      this.wanted = null;
      since = this.time - CURVES;
      this.angles.clear();
      this.mark();
    } else {
      const speed = Number(find('#speed').value);
      const elapsed = (performance.now() - this.origin.at) / 1000;
      this.time = Math.min(this.origin.time + speed * elapsed, this.end);
    }
    const reply = await this.request('frame', { time: this.time, since });
    if (session !== this.session) return;
    this.busy = false;
    if (reply.ok) reply.content.angles.forEach((one) => this.angles.add(one));
    this.timeline.now = this.time;
    this.showClock();
    if (this.playing && this.time >= this.end) this.toggle();
    requestAnimationFrame(() => this.next());
  }

  showClock() {
    find('#clock').textContent = `${this.time.toFixed(1)} / ${(this.end ?? 0).toFixed(1)} s`;
    if (document.activeElement !== find('#scrubber') || this.playing) {
      find('#scrubber').value = this.time;
    }
  }
}
