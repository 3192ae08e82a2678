// Asks what there is, asks again each second whether a file has changed, and shows what is chosen.

import { go, query, scheme, view, width } from "./address.js";
import { named, showChoices } from "./choices.js";
import { h } from "./dom.js";

const byId = (id) => document.getElementById(id);
const LOOK_EVERY_MS = 1000;
const TYPING_MS = 250;

let state = null;
let asked = 0;

async function look() {
  try {
    const answer = await fetch("state");
    const fresh = await answer.json();
    const changed = !state || JSON.stringify(fresh) !== JSON.stringify(state);
    state = fresh;
    if (changed) show();
    byId("notice").hidden = true;
  } catch {
    byId("notice").textContent = "The preview has ended. Start it again with: dunning preview";
    byId("notice").hidden = false;
  }
  setTimeout(look, LOOK_EVERY_MS);
}

function show() {
  if (!state) return;
  if (state.case && !view.template && state.mails.length) view.template = state.mails[0].name;
  showChoices(state);
  showTold(state.case);
  if (byId("search") !== document.activeElement) byId("search").value = view.search ?? "";
  const what = state.problems.length && !view.page ? "problems" : view.search ? "found" : view.page || view.template ? "one" : "all";
  for (const id of ["problems", "found", "all", "one"]) byId(id).hidden = id !== what;
  document.title = `${view.template || view.page ? `${named(view.template ?? view.page)} · ` : ""}Dunning preview`;
  ({ problems: () => showProblems(state.problems), found: showFound, all: showAll, one: showOne })[what]();
}

function showTold(told) {
  byId("told").hidden = !told;
  if (told) byId("told").replaceChildren(h("h2", {}, told.title), h("ol", {}, ...told.lines.map((line) => h("li", {}, line))));
}

function showProblems(problems) {
  byId("problems").replaceChildren(
    h("h2", {}, problems.length === 1 ? "Something is wrong" : `${problems.length} things are wrong`),
    h("ol", {}, ...problems.map((problem) => h("li", {}, problem))));
}

async function showFound() {
  const turn = ++asked;
  byId("found").replaceChildren(h("p", { class: "quiet" }, "Searching …"));
  const answer = await fetch(`find?${query()}&words=${encodeURIComponent(view.search)}`);
  const found = await answer.json();
  if (turn !== asked) return;
  const head = found.length ? `Found in ${found.length}` : "Nothing was found.";
  byId("found").replaceChildren(h("p", { class: "quiet" }, head), ...found.map((one) => h("button",
    { type: "button", onclick: () => go({ ...one.query, search: null }) }, named(one.title), h("small", {}, one.excerpt))));
}

function showAll() {
  const night = scheme() === "dark" ? "dark" : "light";
  const card = (src, changes, title, more) => h("button", { type: "button", onclick: () => go(changes) },
    h("div", { class: "window" }, frame(src, night, 600, title)), h("strong", {}, title), h("small", {}, more));
  byId("all").replaceChildren(
    ...state.mails.map((mail) => card(`mail/html?${query({ template: mail.name })}`, { template: mail.name }, named(mail.name), mail.planned)),
    ...state.pages.map((page) => card(`page/html?${query({ page: page.name })}`, { page: page.name }, named(page.name), page.label)));
}

async function showOne() {
  const turn = ++asked;
  const isPage = Boolean(view.page);
  const src = isPage ? `page/html?${query({ page: view.page })}` : `mail/html?${query()}`;
  const schemes = scheme() === "both" ? ["light", "dark"] : [scheme()];
  let mail = null;
  if (!isPage) {
    const answer = await fetch(`mail?${query()}`);
    mail = await answer.json();
    if (turn !== asked) return;
    if (mail.problems) {
      byId("one").hidden = true;
      byId("problems").hidden = false;
      showProblems(mail.problems);
      return;
    }
    byId("from").textContent = `${mail.headers.From} → ${mail.headers.To}`;
    byId("subject").textContent = mail.subject;
    byId("preheader").textContent = mail.preheader;
    byId("headers").replaceChildren(...Object.entries(mail.headers).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    byId("command").textContent = `dunning preview --show '${query()}' --send you@example.com`;
  }
  byId("envelope").hidden = byId("more").hidden = isPage;
  byId("more").lastElementChild.hidden = Boolean(state.case);
  byId("frames").replaceChildren(
    ...schemes.map((one) => h("figure", {}, h("figcaption", {}, `${width()} px, ${one}`), frame(src, one, width(), `${one}, ${width()} px`))),
    mail ? h("figure", { class: "text" }, h("figcaption", {}, "Text part"), h("pre", { class: "card", tabindex: "0" }, ...linked(mail.text))) : "");
}

function frame(src, night, wide, title) {
  return h("iframe", { src: `${src}&scheme=${night}&v=${state.version}`, class: night, width: wide, title, loading: "lazy",
    sandbox: "allow-popups allow-popups-to-escape-sandbox", referrerpolicy: "no-referrer", tabindex: "-1" });
}

/** Make links of the addresses in a text, as mail programs do. */
function linked(text) {
  return text.split(/(https?:\/\/\S+)/).map((part, place) => (
    place % 2 ? h("a", { href: part, target: "_blank", rel: "noreferrer" }, part) : part));
}

let typing;
byId("search").addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(() => go({ search: event.target.value.trim() }, { quietly: true }), TYPING_MS);
});
byId("axes").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("went", show);
look();
