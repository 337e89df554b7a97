/*
 * A source of messages: what the page shows comes from here, whether a server trains (live.js) or a recording is
 * replayed (offline.js). Subclasses call `emit`, and answer `command`, `derivation`, `view` and `quiz`.
 *
 * Kinds: start, frame, epoch, finding, status, end (see the recording's messages), and
 * connection: {state: "open" | "lost" | "closed", message}.
 */
export class Source {
  constructor() {
    this.handlers = {};
    this.live = false; // whether a model trains behind it
  }

  /** Calls `handler(message)` for every message of a kind; returns a function that ends this. */
  on(kind, handler) {
    (this.handlers[kind] ??= new Set()).add(handler);
    return () => this.handlers[kind].delete(handler);
  }

  emit(kind, message) {
    for (const handler of this.handlers[kind] ?? []) handler(message);
  }

  /** Begins to deliver messages. */
  async open() {}

  /** `{do: "play"}` and the like; resolves to the answer, rejects with an Error that holds one sentence. */
  async command(_command) {
    throw new Error("This page cannot do that.");
  }

  /** `{row, weight: "dense/kernel[0,1]", notation, digits}` to `{step, row, html, lines, node, check, update}`. */
  async derivation(_question) {
    throw new Error("This page has no derivations.");
  }

  /** The data of a tab or a picture. */
  async view(_name, _parameters) {
    throw new Error("This page has no such view.");
  }

  /** A derivation with blanks, as HTML, and which answers are right. */
  async quiz(_parameters) {
    throw new Error("This page has no quiz.");
  }
}
