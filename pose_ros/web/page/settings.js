// Live parameters of the nodes, for viewers who may change them.

import { element, find } from './dom.js';

export class Settings {
  constructor(request) {
    this.request = request;
    this.root = find('#settings');
    find('#reload').onclick = () => this.load();
  }

  async load() {
    this.root.hidden = false;
    const reply = await this.request('parameters');
    const body = find('div', this.root);
    if (!reply.ok) {
      body.replaceChildren(element('p', { className: 'fault', textContent: reply.content }));
      return;
    }
    const open = new Set([...body.querySelectorAll('details[open]')].map((d) => d.dataset.node));
    const groups = new Map();
    for (const row of reply.content) {
      if (!groups.has(row.node)) {
        const group = element('details', {}, element('summary', { textContent: row.node }));
        group.dataset.node = row.node;
        group.open = open.has(row.node);
        groups.set(row.node, group);
      }
      groups.get(row.node).append(this.label(row));
    }
    body.replaceChildren(...groups.values());
  }

  label(row) {
    const field = makeField(row);
    const unit = row.unit ? ` [${row.unit}]` : '';
    const hint = element('small', { textContent: `${row.meaning}${unit}` });
    field.name = row.name;
    field.onchange = async () => {
      field.disabled = true;
      const content = { node: row.node, name: row.name, value: valueOf(field, row) };
      const reply = await this.request('set', content);
      field.disabled = false;
      hint.textContent = reply.ok ? `${row.meaning}${unit}` : reply.content;
      hint.classList.toggle('fault', !reply.ok);
    };
    return element('label', {}, element('span', { textContent: row.name }), field, hint);
  }
}

function makeField(row) {
  if (row.kind === 'bool') return element('input', { type: 'checkbox', checked: row.value });
  if (row.choices.length && row.kind !== 'tuple') {
    const options = row.choices.map((one) => element('option', { value: one, textContent: one }));
    const field = element('select', {}, ...options);
    field.value = row.value;
    return field;
  }
  if (row.kind === 'int' || row.kind === 'float') {
    const step = row.kind === 'int' ? 1 : 'any';
    const field = element('input', { type: 'number', step, value: row.value });
    if (row.low != null) field.min = row.low;
    if (row.high != null) field.max = row.high;
    return field;
  }
  const text = row.kind === 'tuple' ? row.value.join(', ') : row.value;
  return element('input', { type: 'text', value: text });
}

function valueOf(field, row) {
  if (row.kind === 'bool') return field.checked;
  if (row.kind === 'int' || row.kind === 'float') return field.valueAsNumber;
  if (row.kind === 'tuple') return field.value.split(',').map((one) => one.trim()).filter(Boolean);
  return field.value;
}
