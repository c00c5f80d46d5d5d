// The image with the people drawn on it, as the overlay of marker_node draws them.

import { context } from './dom.js';

const OUTLINE = '#0f0f14';
const FAINT = 0.5; // opacity of what was not observed
const OBSERVED = 0;
const clip = (value, low, high) => Math.min(Math.max(value, low), high);

export class Stage {
  constructor(canvas) {
    this.canvas = canvas;
    this.formats = {};
    this.scene = null;
    this.image = null;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  /** Show people on an image; without an image they are drawn on black. */
  show(scene, image) {
    this.image?.close();
    Object.assign(this, { scene, image });
    const aspect = `${scene.width} / ${scene.height}`;
    this.canvas.parentElement.style.setProperty('--aspect', aspect);
    this.draw();
  }

  draw() {
    const [pen, width, height] = context(this.canvas);
    pen.clearRect(0, 0, width, height);
    if (!this.scene) return;
    const { scene } = this;
    this.scale = Math.min(width / scene.width, height / scene.height);
    this.left = (width - scene.width * this.scale) / 2;
    this.top = (height - scene.height * this.scale) / 2;
    const size = [scene.width * this.scale, scene.height * this.scale];
    pen.save();
    pen.beginPath();
    pen.rect(this.left, this.top, ...size);
    pen.clip();
    if (this.image) {
      pen.imageSmoothingQuality = 'high';
      pen.drawImage(this.image, this.left, this.top, ...size);
    }
    pen.lineCap = pen.lineJoin = 'round';
    const figures = scene.people.map((person) => this.figure(person));
    figures.toReversed().forEach((figure) => this.drawFigure(pen, figure));
    scene.hands.forEach((hand) => this.drawHand(pen, hand));
    this.drawLabels(pen, figures);
    pen.restore();
  }

  /** Canvas position of a pixel, whose (0, 0) is the centre of the first one. */
  place(point) {
    return point && [
      this.left + (point[0] + 0.5) * this.scale,
      this.top + (point[1] + 0.5) * this.scale,
    ];
  }

  figure(person) {
    const points = person.points.map((point) => this.place(point));
    const solid = points.map((point, i) => point && person.states[i] === OBSERVED);
    const shown = points.filter((point, i) => (solid.some(Boolean) ? solid[i] : point));
    const [xs, ys] = [shown.map((p) => p[0]), shown.map((p) => p[1])];
    const box = { x0: Math.min(...xs), y0: Math.min(...ys), x1: Math.max(...xs), y1: Math.max(...ys) };
    const extent = shown.length ? Math.max(box.x1 - box.x0, box.y1 - box.y0) : 0;
    const line = clip(extent / 90, 1.6, 9);
    return { person, points, solid, box, line, visible: shown.length > 0 };
  }

  drawFigure(pen, { person, points, solid, box, line, visible }) {
    const edges = this.formats[person.format] ?? [];
    const edge = clip(line * 0.35, 0.8, 3);
    const radii = points.map(() => line * 0.8);
    const bones = [];
    edges.forEach(([a, b], i) => {
      if (!points[a] || !points[b]) return;
      const length = Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1]);
      for (const end of [a, b]) radii[end] = Math.min(radii[end], length * 0.3);
      bones.push({
        ends: [points[a], points[b]],
        colour: person.bones[i],
        width: clip(length * 0.3, 1, line),
        solid: solid[a] && solid[b],
      });
    });
    const radius = (i) => Math.max(radii[i], 1.2);
    pen.globalAlpha = FAINT;
    bones.filter((bone) => !bone.solid).forEach((b) => stroke(pen, b.ends, b.colour, 1.2));
    points.forEach((point, i) => {
      if (point && !solid[i]) ring(pen, point, radius(i), person.dots[i]);
    });
    pen.globalAlpha = 1;
    const full = bones.filter((bone) => bone.solid);
    full.forEach((b) => stroke(pen, b.ends, OUTLINE, b.width + 2 * Math.min(edge, b.width / 2)));
    full.forEach((b) => stroke(pen, b.ends, b.colour, b.width));
    points.forEach((point, i) => {
      if (!solid[i]) return;
      dot(pen, point, radius(i) + Math.min(edge, radius(i) / 2), OUTLINE);
      dot(pen, point, radius(i), person.dots[i]);
    });
    if (visible && person.id && person.id === this.scene.locked) bracket(pen, box, person.colour, line);
  }

  drawHand(pen, hand) {
    const points = hand.points.map((point) => this.place(point));
    const line = 2;
    for (const [widen, colours] of [[2, null], [0, hand.bones]]) {
      (this.formats[hand.format] ?? []).forEach(([a, b], i) => {
        if (points[a] && points[b]) {
          stroke(pen, [points[a], points[b]], colours ? colours[i] : OUTLINE, line + widen);
        }
      });
    }
    points.forEach((point) => point && dot(pen, point, 2, hand.dot));
  }

  /** Id and words of each person above the head, without overlaps; then people out of sight. */
  drawLabels(pen, figures) {
    pen.font = '600 13px system-ui, sans-serif';
    pen.textBaseline = 'middle';
    const taken = [];
    const [right, bottom] = [this.left + this.scene.width * this.scale,
      this.top + this.scene.height * this.scale];
    const plate = (lines, x, y, colour, filled) => {
      const width = Math.max(...lines.map((text) => pen.measureText(text).width)) + 16;
      const height = lines.length * 18 + 6;
      const left = clip(x - width / 2, this.left + 4, Math.max(right - width - 4, this.left + 4));
      let top = clip(y - height, this.top + 4, Math.max(bottom - height - 4, this.top + 4));
      const hit = () => taken.find((t) => left < t.x1 && left + width > t.x0
        && top < t.y1 && top + height > t.y0);
      for (let tries = 0, other = hit(); other && tries < 8; tries += 1, other = hit()) {
        const above = other.y0 - height - 4;
        // Above the other one, unless it is at the edge: below are faces.
        top = tries < 4 && above > this.top + 4 ? above : other.y1 + 4;
      }
      taken.push({ x0: left, y0: top, x1: left + width, y1: top + height });
      pen.fillStyle = filled ? colour : 'rgb(10 12 16 / 78%)';
      pen.beginPath();
      pen.roundRect(left, top, width, height, 6);
      pen.fill();
      pen.fillStyle = filled ? '#fff' : colour;
      lines.forEach((text, i) => pen.fillText(text, left + 8, top + 12 + 18 * i));
    };
    for (const { person, box, visible, line } of figures) {
      if (!person.id || !visible) continue;
      const locked = person.id === this.scene.locked ? ['locked'] : [];
      const [first, ...rest] = [...person.words];
      const head = [person.id, ...locked, ...(first ? [first] : [])].join('  ');
      plate([head, ...rest], (box.x0 + box.x1) / 2, box.y0 - 6 - 2 * line, person.colour, person.fallen);
    }
    for (const hand of this.scene.hands) {
      const points = hand.points.map((point) => this.place(point)).filter(Boolean);
      if (!hand.words.length || !points.length) continue;
      const xs = points.map(([x]) => x);
      const top = Math.min(...points.map(([, y]) => y));
      plate(hand.words, (Math.min(...xs) + Math.max(...xs)) / 2, top - 8, hand.bones[0], false);
    }
    for (const away of this.scene.away) {
      const text = `${away.id} ${away.words}, out of sight`;
      plate([text], this.left, bottom, away.colour, true);
    }
  }
}

function stroke(pen, [from, to], colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}

function dot(pen, point, radius, colour) {
  pen.fillStyle = colour;
  pen.beginPath();
  pen.arc(...point, radius, 0, 2 * Math.PI);
  pen.fill();
}

function ring(pen, point, radius, colour) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.arc(...point, radius, 0, 2 * Math.PI);
  pen.stroke();
}

function bracket(pen, box, colour, line) {
  const margin = 0.08 * Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const [x0, y0, x1, y1] = [box.x0 - margin, box.y0 - margin, box.x1 + margin, box.y1 + margin];
  const reach = 0.25 * Math.min(x1 - x0, y1 - y0);
  for (const [width, ink] of [[line + 3, OUTLINE], [line, colour]]) {
    for (const [x, dx] of [[x0, reach], [x1, -reach]]) {
      for (const [y, dy] of [[y0, reach], [y1, -reach]]) {
        stroke(pen, [[x + dx, y], [x, y]], ink, width);
        stroke(pen, [[x, y], [x, y + dy]], ink, width);
      }
    }
  }
}
