// Small helpers for elements, text and canvases.

export const find = (selector, root = document) => root.querySelector(selector);

/** New element with properties and children; texts are set as text, never as HTML. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Number of a person; of a hand without a person 'hand' and its number, which is negative. */
export const nameOf = (id) => (id < 0 ? `hand ${-id}` : id || '?');

/** Number of a person in the person's colour. */
export function chip(id, colour, name = 'span') {
  const made = element(name, { className: 'chip', textContent: nameOf(id) });
  made.style.setProperty('--colour', colour);
  return made;
}

/** Context of a canvas that is as fine as the screen; its unit is a CSS pixel. */
export function context(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const ratio = window.devicePixelRatio || 1;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const made = canvas.getContext('2d');
  made.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [made, width, height];
}

/** A stamp [s]: the time of day if it is one of a clock, else seconds. */
export function clock(time) {
  if (time > 1e9) return new Date(time * 1000).toLocaleTimeString('en-GB');
  return `${time.toFixed(1)} s`;
}
