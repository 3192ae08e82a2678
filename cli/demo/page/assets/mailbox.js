// The mails that came, and the one that is read.

import { date, h, keyed } from "./dom.js";

const byId = (id) => document.getElementById(id);
const list = byId("mails");

let count = 0;
let chosen = null;

for (const tab of document.querySelectorAll("[role=tab]")) tab.addEventListener("click", () => choosePart(tab.dataset.part));

export function showMails(state) {
  byId("mail-count").textContent = state.mails.length || "";
  const empty = { number: -1 };
  const newestFirst = state.mails.length ? state.mails.toReversed() : [empty];
  keyed(list, newestFirst, (one) => String(one.number), (one) => (one === empty ? nothing(state) : mail(one)));
  if (state.mails.length > count) open(state.mails.at(-1).number);
  count = state.mails.length;
}

function nothing(state) {
  const wait = state.cases ? " The first mail waits for hours, so run time forward then." : "";
  return h("li", { class: "empty" }, `No mail yet. Decline a renewal on the left.${wait}`);
}

function mail(one) {
  return h("li", {},
    h("button", { type: "button", onclick: () => open(one.number), "aria-current": String(one.number === chosen) },
      h("span", { class: "line" }, h("strong", {}, one.to), h("span", { class: "quiet" }, date(one.date))),
      h("span", { class: "line" }, h("span", { class: "subject" }, one.subject), h("code", {}, one.step))));
}

async function open(number) {
  chosen = number;
  for (const item of list.children) {
    item.firstElementChild.setAttribute("aria-current", String(item.dataset.key === String(number)));
  }
  const answer = await fetch(`/mails/${number}`);
  if (!answer.ok || chosen !== number) return;
  const { headers, text } = await answer.json();
  byId("subject").textContent = headers.subject;
  byId("envelope").textContent = `${headers.from} → ${headers.to}`;
  byId("html").src = `/mails/${number}/html`;
  byId("text").replaceChildren(...linked(text));
  byId("headers").replaceChildren(...Object.entries(headers).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  byId("reader").hidden = false;
}

function choosePart(part) {
  for (const tab of document.querySelectorAll("[role=tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.part === part));
    byId(tab.dataset.part).hidden = tab.dataset.part !== part;
  }
}

/** Make links of the addresses in a text, as mail programs do. */
function linked(text) {
  return text.split(/(https?:\/\/\S+)/).map((part, place) => (
    place % 2 ? h("a", { href: part, target: "_blank", rel: "noreferrer" }, part) : part));
}
