// WebSocket to the server: messages in, requests and confirmations out, reconnects by itself.

const RETRY = 1000; // [ms] before a lost connection is tried again

export class Connection {
  /**
   * @param on {take(message), frame(scene, jpeg), state(name)}: handlers of JSON messages, of
   *   images with what is seen in them, and of 'open' or 'lost'
   */
  constructor(on) {
    this.on = on;
    this.pending = new Map();
    this.count = 0;
    this.last = Promise.resolve();
    this.open();
  }

  open() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    this.socket = new WebSocket(`${scheme}://${location.host}/socket`);
    this.socket.binaryType = 'arraybuffer';
    this.socket.onopen = () => this.on.state('open');
    this.socket.onmessage = (event) => this.take(event.data);
    this.socket.onclose = () => this.lose();
  }

  take(data) {
    if (typeof data !== 'string') {
      const length = new DataView(data).getUint32(0, true);
      const text = new TextDecoder().decode(new Uint8Array(data, 4, length));
      this.on.frame(JSON.parse(text), data.slice(4 + length));
      return;
    }
    const message = JSON.parse(data);
    if (message.type === 'reply') {
      const settle = this.pending.get(message.number);
      this.pending.delete(message.number);
      settle?.(message);
    } else {
      this.on.take(message);
    }
  }

  async lose() {
    for (const settle of this.pending.values()) {
      settle({ ok: false, content: 'the connection is lost' });
    }
    this.pending.clear();
    this.on.state('lost');
    await new Promise((resolve) => setTimeout(resolve, RETRY));
    try {
      const response = await fetch('/', { method: 'HEAD' });
      if (response.status === 401) {
        location.reload(); // the server asks for a token
        return;
      }
    } catch {
      // not there: the next attempt says so again
    }
    this.open();
  }

  /** Confirm a frame, so that the server sends the next one. */
  shown() {
    this.send({ type: 'shown' });
  }

  /**
   * Send a request once the ones before are answered; resolves to {ok, content}, with the reason
   * as content if it is refused.
   */
  request(type, content = {}) {
    this.last = this.last.then(() => this.ask(type, content));
    return this.last;
  }

  ask(type, content) {
    if (this.socket.readyState !== WebSocket.OPEN) return { ok: false, content: 'not connected' };
    this.count += 1;
    const number = this.count;
    return new Promise((resolve) => {
      this.pending.set(number, resolve);
      this.send({ type, number, ...content });
    });
  }

  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
}
