// The clock, and the slider that runs it forward.

import { act } from "./ask.js";
import { date, span } from "./dom.js";

const DAY = 86400;
// What the slider spans, and grows by.
const HORIZON = 35 * DAY;

const byId = (id) => document.getElementById(id);
const slider = byId("slider");
const next = byId("next");

let state = null;
let dragging = false;

const seconds = (moment) => (Date.parse(moment) - Date.parse(state.began_at)) / 1000;
const moment = (offset) => new Date(Date.parse(state.began_at) + offset * 1000).toISOString();

slider.addEventListener("input", () => {
  dragging = true;
  showTarget(Number(slider.value));
});
slider.addEventListener("change", () => {
  dragging = false;
  if (Number(slider.value) > seconds(state.now)) act("/time", { to: moment(Number(slider.value)) });
  else showTime(state);
});
for (const button of document.querySelectorAll("[data-run]")) {
  button.addEventListener("click", () => {
    const from = state.running_to ?? state.now;
    act("/time", { to: new Date(Date.parse(from) + button.dataset.run * 3600_000).toISOString() });
  });
}
next.addEventListener("click", () => act("/time", state.running_to ? {} : { next_stop: true }));

export function showTime(fresh) {
  state = fresh;
  byId("time").hidden = false;
  const now = seconds(state.now);
  byId("date").textContent = date(state.now);
  byId("elapsed").textContent = now < 60 ? "now" : `${span(now)} in`;
  const coming = state.cases.flatMap((one) => one.upcoming.map((step) => ({ ...step, customer: one.customer })));
  const last = Math.max(now + 5 * DAY, ...coming.map((step) => seconds(step.at)));
  slider.max = HORIZON * Math.ceil(last / HORIZON);
  next.textContent = state.running_to ? "Stop" : "Next step";
  document.body.classList.toggle("running", Boolean(state.running_to));
  showTicks(coming);
  if (dragging) return;
  slider.value = now;
  slider.style.setProperty("--reached", `${(100 * now) / slider.max}%`);
  slider.setAttribute("aria-valuetext", date(state.now));
  showTarget(state.running_to ? seconds(state.running_to) : null);
}

function showTarget(offset) {
  const target = byId("target");
  target.hidden = offset === null;
  if (offset === null) return;
  target.textContent = dragging ? `run to ${date(moment(offset))}` : `running to ${date(moment(offset))}`;
  target.style.left = `${Math.min(85, Math.max(15, (100 * offset) / slider.max))}%`;
}

function showTicks(coming) {
  const ticks = coming.map((step) => {
    const tick = document.createElement("i");
    tick.style.left = `${(100 * seconds(step.at)) / slider.max}%`;
    tick.title = `${step.title} · ${step.customer} · ${date(step.at)}`;
    return tick;
  });
  byId("ticks").replaceChildren(...ticks);
}
