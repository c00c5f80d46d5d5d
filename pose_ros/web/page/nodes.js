// What the nodes say of themselves, and which of them are silent.

import { element, find } from './dom.js';

const SILENCE = 4; // [s] without a report after which a node is shown as dead; they report each second
const STATES = ['good', 'warn', 'bad', 'bad'];

export class Nodes {
  constructor() {
    this.root = find('#nodes');
    this.rows = new Map();
  }

  /** Begin anew: nodes that are expected, and the server's clock [s]. */
  start(expected, now) {
    this.offset = now - performance.now() / 1000;
    this.began = now;
    this.reports = new Map(expected.map((name) => [name, null]));
    this.rows.clear();
    find('ul', this.root).replaceChildren();
    find('.empty', this.root).hidden = true;
  }

  take(report) {
    this.reports.set(report.name, report);
  }

  /** State and words of a node. */
  state(report, now) {
    const silence = now - (report?.received ?? this.began);
    if (silence > SILENCE) {
      const words = report ? `dead: no report for ${duration(silence)}` : 'not running';
      return ['bad', words];
    }
    return report ? [STATES[report.level] ?? 'bad', report.message] : ['waiting', 'waiting for a report'];
  }

  draw() {
    if (!this.reports) return;
    const now = performance.now() / 1000 + this.offset;
    for (const [name, report] of this.reports) {
      if (!this.rows.has(name)) this.addRow(name);
      const { dot, words, values } = this.rows.get(name);
      [dot.dataset.state, words.textContent] = this.state(report, now);
      if (values.parentElement.open && report) {
        values.replaceChildren(...Object.entries(report.values)
          .filter(([, value]) => value !== '')
          .flatMap(([key, value]) => [element('dt', { textContent: key }),
            element('dd', { textContent: value })]));
      }
    }
  }

  /** Reason for a missing image, in the words of a node; empty if none is known. */
  reason() {
    const now = performance.now() / 1000 + (this.offset ?? 0);
    for (const [name, report] of this.reports ?? []) {
      const [state, words] = this.state(report, now);
      if (['bad', 'warn'].includes(state) && name !== 'web_node') return `${name}: ${words}`;
    }
    return '';
  }

  addRow(name) {
    const dot = element('span', { className: 'dot' });
    const words = element('span');
    const values = element('dl');
    const summary = element('summary', {}, dot, element('b', { textContent: name }), words);
    const row = element('li', {}, element('details', {}, summary, values));
    row.dataset.node = name;
    find('ul', this.root).append(row);
    this.rows.set(name, { dot, words, values });
  }
}

function duration(seconds) {
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`;
}
