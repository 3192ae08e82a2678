// Customers and their subscriptions, with the buttons that change what Paddle knows.

import { act } from "./ask.js";
import { h, keyed } from "./dom.js";

const code = document.getElementById("code");
const world = document.getElementById("world");

document.getElementById("add").addEventListener("click", () => act("/customers"));

export function showWorld(state) {
  const seen = world.childElementCount;
  keyed(world, state.customers, (one) => one.id, customer);
  if (seen && state.customers.length > seen) world.lastElementChild.scrollIntoView({ block: "nearest" });
}

function customer(one) {
  return h("article", { class: "card" },
    h("h3", {}, one.name),
    h("p", { class: "quiet" }, `${one.email} · ${one.locale}`),
    ...one.subscriptions.map(subscription));
}

function subscription(one) {
  const button = (name, what, able, body = () => ({})) => h("button", {
    type: "button",
    id: `${what}-${one.id}`,
    disabled: !able,
    class: what,
    "aria-label": `${name}: ${one.product}`,
    onclick: (event) => {
      event.target.disabled = true;
      act(`/subscriptions/${one.id}/${what}`, body()).then(() => { event.target.disabled = !able; });
    },
  }, name);
  return h("div", { class: "subscription" },
    h("p", { class: "line" },
      h("strong", {}, one.product),
      h("span", {}, `${one.price} / ${one.interval}`)),
    h("p", { class: "line" },
      h("span", { class: `pill ${one.status.replace(" ", "-")}` }, one.status),
      one.code && h("code", {}, one.code)),
    h("div", { class: "buttons" },
      button("Decline a renewal", "decline", one.can_decline, () => ({ code: code.value })),
      button("Pay", "pay", one.can_pay),
      button("Cancel", "cancel", one.can_cancel)));
}
