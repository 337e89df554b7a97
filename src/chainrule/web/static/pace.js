/*
 * When things are drawn. All drawing is done in one go, at the next picture of the screen; while a model trains as fast
 * as it can, drawing leaves most of the time to the training: after a drawing that took 20 ms comes a pause of 200 ms.
 * Whoever presses a key or a button sees what it does at once.
 */
const SHARE = 0.05; // of the time, while a model trains behind the page
const SLICE_MS = 8; // of work, after which what else waits is drawn after a rest
const ATTENTION_MS = 400; // for so long after a key or a button nothing waits

const waiting = new Set(), resting = new Set();
let asked = 0, timer = 0, due = 0, spares = false, attentive = 0;

/** From now on, drawing spares the processor for a training that goes on; or does so no more. */
export function spare(on) {
  if (spares && !on) hurry();
  spares = on;
}

/** Whether it does. */
export function sparing() {
  return spares;
}

/** Draws what waits at the next picture of the screen. */
export function hurry() {
  attentive = performance.now() + ATTENTION_MS;
  due = 0;
  for (const goOn of resting) goOn();
  if (timer) {
    clearTimeout(timer);
    timer = 0;
    ask();
  }
}

/** Resolves after `ms` while drawing spares the processor, and as soon as it does so no more. */
export function rest(ms) {
  if (!sparingNow()) return Promise.resolve();
  return new Promise((done) => {
    const goOn = () => {
      resting.delete(goOn);
      done();
    };
    resting.add(goOn);
    setTimeout(goOn, ms);
  });
}

function sparingNow() {
  return spares && performance.now() > attentive;
}

/** Asks for `work` once at the next drawing, however often it is called before. */
export function eachFrame(work) {
  return () => {
    waiting.add(work);
    ask();
  };
}

function ask() {
  if (asked || timer) return;
  const rest = due - performance.now();
  if (rest > 0) {
    timer = setTimeout(() => {
      timer = 0;
      ask();
    }, rest);
  } else asked = requestAnimationFrame(draw);
}

function draw() {
  const began = performance.now(), { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { // comes after the browser has laid out and painted
    const now = performance.now();
    due = sparingNow() ? now + (now - began) / SHARE : 0;
    asked = 0;
    if (waiting.size) ask();
  };
  port2.postMessage(null);
  for (const work of waiting) {
    if (sparingNow() && performance.now() - began > SLICE_MS) break;
    waiting.delete(work); // one that is asked for again meanwhile has its turn in the same drawing
    try {
      work();
    } catch (error) {
      reportError(error);
    }
  }
}
for (const kind of ["pointerdown", "keydown", "input", "wheel"]) addEventListener(kind, hurry, { capture: true, passive: true });
