/* The server as a source: messages come down by server-sent events, commands go up by POST. */

import { eachFrame } from "./pace.js";
import { Source } from "./source.js";

const KINDS = ["start", "frame", "epoch", "finding", "status", "end"];
const MOST_BEHIND = 1000; // epochs that wait for a drawing: a page in the background has none
const HEADERS = { "Content-Type": "application/json", "X-Chainrule": "1" };

/** An answer's JSON, or an Error with the server's sentence. */
async function answerOf(response) {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  throw new Error(body.error ?? `The server answered ${response.status}.`);
}

export class LiveSource extends Source {
  constructor() {
    super();
    this.live = true;
    this.newest = ""; // the newest frame as text; older ones that nobody had time for are left out
    this.behind = []; // epochs as text, until the next drawing
    this.soon = eachFrame(() => this.catchUp());
  }

  /** Swaps the token in the address for a cookie, then listens. */
  async open() {
    try {
      await this.signIn();
    } catch (error) {
      this.emit("connection", { state: "closed", message: error.message });
      return;
    }
    const events = new EventSource("api/events");
    events.onopen = () => this.emit("connection", { state: "open", message: "" });
    events.onerror = () => {
      const over = events.readyState === EventSource.CLOSED;
      this.emit("connection", { state: over ? "closed" : "lost", message: over ? "The program has ended, or another address is needed: open the one it printed." : "Connection lost, trying again …" });
    };
    for (const kind of KINDS) events.addEventListener(kind, ({ data }) => this.hear(kind, data));
    addEventListener("pagehide", () => events.close());
  }

  /** Frames and epochs, of which there may be many, wait for the next drawing. */
  hear(kind, text) {
    if (kind === "frame") this.newest = text;
    else if (kind === "epoch") this.behind.push(text);
    else {
      if (kind === "start") this.forget(); // what is of a training that is over
      if (kind === "end") this.catchUp();
      return this.emit(kind, JSON.parse(text));
    }
    return this.behind.length > MOST_BEHIND ? this.catchUp() : this.soon();
  }

  forget() {
    this.newest = "";
    this.behind = [];
  }

  catchUp() {
    const { newest, behind } = this;
    this.forget();
    for (const text of behind) this.emit("epoch", JSON.parse(text));
    if (newest) this.emit("frame", JSON.parse(newest));
  }

  async signIn() {
    const token = new URLSearchParams(location.hash.slice(1)).get("t");
    if (!token) return; // the cookie of an earlier visit may still do
    history.replaceState(null, "", location.pathname + location.search);
    await this.post("api/session", { token });
  }

  post(path, body) {
    return fetch(path, { method: "POST", headers: HEADERS, body: JSON.stringify(body), credentials: "same-origin" }).then(answerOf);
  }

  get(path, parameters) {
    const given = Object.entries(parameters ?? {}).filter(([, value]) => value !== undefined && value !== null);
    const query = new URLSearchParams(given.map(([k, v]) => [k, typeof v === "object" ? JSON.stringify(v) : String(v)]));
    return fetch(`${path}?${query}`, { headers: { "X-Chainrule": "1" }, credentials: "same-origin" }).then(answerOf);
  }

  /** The status that follows comes as an event; the one in the answer may be older than that. */
  command(command) {
    return this.post("api/command", command);
  }

  derivation(question) {
    return this.get("api/derivation", question);
  }

  view(name, parameters) {
    return this.get(`api/view/${encodeURIComponent(name)}`, parameters);
  }

  quiz(parameters) {
    return this.get("api/quiz", parameters);
  }
}
