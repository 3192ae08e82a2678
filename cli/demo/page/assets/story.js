// Each case's story as it happens, with the reason of every decision; where Dunning runs elsewhere, what it was sent.

import { date, h, keyed, span } from "./dom.js";

const story = document.getElementById("story");
const lengths = new Map();
// On a phone the story is below: the page would run away from whoever looks at something else.
const wide = matchMedia("(min-width: 60.01rem)");

export function showStory(state) {
  if (!state.cases) {
    document.getElementById("story-title").textContent = "Webhooks";
    keyed(story, [state.webhooks], () => "webhooks", webhooks);
    return;
  }
  if (!state.cases.length) {
    keyed(story, [{}], () => "empty", nothing);
    return;
  }
  keyed(story, state.cases, (one) => one.id, aCase);
  for (const moment of story.querySelectorAll("[data-at]")) moment.textContent = distance(moment.dataset.at, state.now);
  for (const one of state.cases) follow(one);
}

/** Keep in view what has just happened. */
function follow(one) {
  const count = one.timeline.length;
  if (wide.matches && lengths.has(one.id) && lengths.get(one.id) < count) {
    const place = story.querySelector(`[data-key="${one.id}"] .timeline > :nth-child(${count})`);
    place?.scrollIntoView({ block: "nearest" });
  }
  lengths.set(one.id, count);
}

function nothing() {
  const steps = [
    "Decline a renewal. Paddle’s webhooks arrive, and a case opens.",
    "Run time forward, with the slider or Next step. Its mails go out when they are due.",
    "Follow a mail’s link to Paddle’s page, and pay. The case is recovered, and nothing more is sent.",
  ];
  return h("div", { class: "empty" }, h("p", {}, "Nothing has happened yet."), h("ol", {}, ...steps.map((step) => h("li", {}, step))));
}

function aCase(one) {
  return h("details", { class: `card case ${one.state}`, open: true, "data-open": one.id },
    h("summary", {},
      h("span", { class: "line" },
        h("strong", {}, one.customer), h("span", { class: `pill ${one.state}` }, one.state)),
      h("span", { class: "line quiet" },
        h("span", {}, `${one.product} · ${one.amount}`), h("code", {}, one.code))),
    h("ol", { class: "timeline" },
      ...one.timeline.map((entry, place) => happened(entry, `${one.id}-${place}`)),
      ...one.upcoming.map(coming)));
}

function happened(entry, name) {
  return h("li", { class: entry.kind },
    h("p", { class: "line" }, h("strong", {}, entry.title), h("time", { class: "quiet" }, date(entry.at))),
    entry.why && h("p", {}, entry.why),
    h("details", { "data-open": name },
      h("summary", {}, entry.kind === "webhooks" ? "in their order" : "as it is stored"),
      h("ol", { class: "raw" }, ...entry.raw.map((line) => h("li", {}, line)))));
}

function coming(entry) {
  return h("li", { class: "coming" },
    h("p", { class: "line" }, h("strong", {}, entry.title), h("time", { class: "quiet", "data-at": entry.at, title: date(entry.at) })),
    h("p", {}, entry.why));
}

function distance(at, now) {
  const seconds = (Date.parse(at) - Date.parse(now)) / 1000;
  return seconds > 0 ? `in ${span(seconds)}` : "due";
}

/** Say how a webhook was answered: the last time, and how often it was sent. */
function answers({ answers: got }) {
  const last = got.length && (got.at(-1) || "no answer");
  return got.length > 1 ? `${last} ×${got.length}` : last && String(last);
}

function webhooks(sent) {
  if (!sent.length) return h("div", { class: "empty" }, h("p", {}, "Nothing was sent yet. Decline a renewal on the left."));
  return h("ol", { class: "raw webhooks" }, ...sent.map((one) => h("li", { class: one.status },
    h("span", {}, one.type),
    h("span", { class: "quiet" }, answers(one) || one.status.replaceAll("_", " ")))));
}
