// What can be chosen: a mail or a page, what it depends on, and how it is shown.

import { go, scheme, view, width } from "./address.js";
import { h, keyed } from "./dom.js";

const byId = (id) => document.getElementById(id);

const WIDTHS = [["320", "320 px"], ["375", "375 px"], ["600", "600 px"]];
const SCHEMES = [["light", "Light"], ["dark", "Dark"], ["both", "Both"]];

segments("width", WIDTHS);
segments("scheme", SCHEMES);

function segments(name, choices) {
  byId(name).append(...choices.map(([value, label]) => h("label", {},
    h("input", { type: "radio", name, value, onchange: () => go({ [name]: value }) }), h("span", {}, label))));
}

export function showChoices(state) {
  for (const [name, value] of [["width", String(width())], ["scheme", scheme()]]) {
    for (const input of byId(name).querySelectorAll("input")) input.checked = input.value === value;
  }
  const current = view.page ? `page ${view.page}` : view.template ? `mail ${view.template}` : "all";
  const item = (key, changes, label, more) => ({ key, changes, label, more, current: key === current });
  const nothing = { page: null, template: null, search: null };
  const all = state.case ? [] : [item("all", nothing, "All of them")];
  list("overview", all);
  list("mails", state.mails.map((mail) => item(`mail ${mail.name}`, { ...nothing, template: mail.name }, named(mail.name), mail.planned)));
  list("pages", state.pages.map((page) => item(`page ${page.name}`, { ...nothing, page: page.name }, named(page.name), page.label)));
  byId("pages-title").hidden = !state.pages.length;
  byId("search").hidden = Boolean(state.case);
  const axes = view.page ? state.axes.filter((axis) => ["language", "brand"].includes(axis.name)) : state.axes;
  keyed(byId("axes"), axes.map((axis) => ({ ...axis, chosen: view[axis.name] ?? axis.values[0].name })), (axis) => axis.name, select);
}

function list(id, items) {
  keyed(byId(id), items, (one) => one.key, (one) => h("li", {},
    h("button", { type: "button", "aria-current": String(one.current), onclick: () => go(one.changes) },
      one.label, one.more ? h("small", {}, one.more) : null)));
}

function select(axis) {
  const options = new Map();
  for (const value of axis.values) {
    const option = h("option", { value: value.name, selected: value.name === axis.chosen }, value.label);
    options.set(value.group, [...(options.get(value.group) ?? []), option]);
  }
  const children = [...options].flatMap(([group, some]) => (group ? [h("optgroup", { label: group }, ...some)] : some));
  const first = axis.values[0].name;
  const change = (event) => go({ [axis.name]: event.target.value === first ? null : event.target.value });
  return h("label", {}, axis.label,
    h("select", { id: `axis-${axis.name}`, "aria-label": axis.label, class: axis.chosen === first ? "" : "changed", onchange: change }, ...children));
}

export function named(name) {
  const words = name.replace(/[_-]/g, " ");
  return words[0].toUpperCase() + words.slice(1);
}
