// Lists of people and of events.

import { chip, clock, element, find } from './dom.js';

const MAX_EVENTS = 200;

/** People in the image, with a button to lock each if that is allowed. */
export class People {
  constructor(lock) {
    this.root = find('#people');
    this.lock = lock; // called with an id; null: read-only
    this.shown = '';
  }

  show(scene) {
    const known = scene.people.filter((person) => person.id).sort((a, b) => a.id - b.id);
    const shown = JSON.stringify([scene.locked, scene.away,
      known.map(({ id, words, colour }) => [id, words, colour])]);
    if (shown === this.shown) return;
    this.shown = shown;
    const rows = known.map((person) => this.row(person, scene.locked));
    const away = scene.away.map((one) => element(
      'li', { className: 'fallen' },
      chip(one.id, one.colour), element('span', { textContent: `${one.words}, out of sight` }),
    ));
    find('ul', this.root).replaceChildren(...rows, ...away);
    find('.empty', this.root).hidden = rows.length + away.length > 0;
    find('#unlock').hidden = !(this.lock && scene.locked);
  }

  row(person, locked) {
    const words = element('span', { textContent: person.words.join(' · ') || '–' });
    const row = element('li', {}, chip(person.id, person.colour), words);
    row.classList.toggle('fallen', person.fallen);
    if (person.id === locked) {
      row.append(element('span', { className: 'tag', textContent: 'locked' }));
    } else if (this.lock) {
      const button = element('button', { type: 'button', textContent: 'Lock' });
      button.onclick = () => this.lock(person.id);
      row.append(button);
    }
    return row;
  }
}

/** Events as a list, the newest first; an end completes the row of its start. */
export class Events {
  constructor() {
    this.root = find('#events');
    this.list = find('ol', this.root);
    this.open = new Map();
  }

  add(event) {
    find('.empty', this.root).hidden = true;
    const key = `${event.id} ${event.kind} ${event.name} ${event.hand}`;
    const lasted = event.duration ? `${event.duration.toFixed(1)} s` : '';
    if (event.phase === 'ended' && this.open.has(key)) {
      this.open.get(key).lastChild.textContent = lasted;
      this.open.delete(key);
      return;
    }
    const fall = event.kind === 'fall';
    const words = fall ? [event.phase, event.words.replace(/^fall(, )?/, '')].filter(Boolean).join(', ')
      : event.words;
    const row = element(
      'li', { className: event.kind },
      element('time', { textContent: clock(event.time) }),
      chip(event.id, event.colour),
      element('span', { textContent: words }),
      element('span', { textContent: event.phase === 'started' ? '' : lasted }),
    );
    if (event.phase === 'started') this.open.set(key, row);
    this.list.prepend(row);
    if (this.list.children.length > MAX_EVENTS) this.list.lastChild.remove();
  }

  clear() {
    this.list.replaceChildren();
    this.open.clear();
    find('.empty', this.root).hidden = false;
  }
}
