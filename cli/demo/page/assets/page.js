// Asks for the state, and has each part show what changed.

import { tell } from "./ask.js";
import { h } from "./dom.js";
import { showMails } from "./mailbox.js";
import { showStory } from "./story.js";
import { showTime } from "./time.js";
import { showWorld } from "./world.js";

const CALM_MS = 700;
const BUSY_MS = 120;
// After a button was pressed, things happen for a moment.
const BUSY_FOR_MS = 2000;

let busyUntil = 0;
let timer;
let last = "";

async function look() {
  clearTimeout(timer);
  let running = false;
  try {
    const answer = await fetch("/state");
    const text = await answer.text();
    if (answer.ok && text !== last) show(JSON.parse(text));
    if (answer.ok) last = text;
    running = document.body.classList.contains("running");
    document.body.classList.remove("ended");
  } catch {
    document.body.classList.add("ended");
    tell("The demo has ended. Start it again with: dunning demo");
  }
  clearTimeout(timer);
  timer = setTimeout(look, running || Date.now() < busyUntil ? BUSY_MS : CALM_MS);
}

function show(state) {
  if (state.cases) showTime(state);
  else showConnection(state.connect);
  showWorld(state);
  showMails(state);
  showStory(state);
}

function showConnection(settings) {
  const place = document.getElementById("connect");
  if (!place.hidden) return;
  place.hidden = false;
  const lines = Object.entries(settings).map(([name, value]) => `export ${name}=${value}`).join("\n");
  place.replaceChildren(h("p", {}, "Lead your Dunning here:"), h("pre", {}, lines));
}

document.addEventListener("acted", () => {
  busyUntil = Date.now() + BUSY_FOR_MS;
  look();
});
look();
