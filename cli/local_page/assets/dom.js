// Building elements, and changing only those whose facts have changed: what is focused or opened stays so.

export function h(name, facts = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(facts)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

const shown = new WeakMap();

/** Show `items` in `container`, an element each. `key` names an item, `render` makes its element. */
export function keyed(container, items, key, render) {
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
  const fresh = items.map((item) => {
    const name = key(item);
    const facts = JSON.stringify(item);
    const before = old.get(name);
    if (before && shown.get(before) === facts) return before;
    const element = render(item);
    element.dataset.key = name;
    shown.set(element, facts);
    if (before) keepOpen(before, element);
    return element;
  });
  const unchanged = fresh.length === container.children.length
    && fresh.every((element, place) => element === container.children[place]);
  if (unchanged) return false;
  const focus = document.activeElement?.id;
  container.replaceChildren(...fresh);
  if (focus && document.activeElement?.id !== focus) document.getElementById(focus)?.focus();
  return true;
}

function keepOpen(before, after) {
  const find = (root) => [root, ...root.querySelectorAll("details")].filter((one) => one.matches("details[data-open]"));
  const was = new Map(find(before).map((one) => [one.dataset.open, one.open]));
  for (const one of find(after)) if (was.has(one.dataset.open)) one.open = was.get(one.dataset.open);
}

const DATE = new Intl.DateTimeFormat("en-GB", {
  weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: "UTC",
});

/** Write a moment: Sun 22 Nov, 16:42. All times on this page are UTC, as in Dunning's own story. */
export function date(moment) {
  return DATE.format(new Date(moment)).replace(" at ", ", ");
}

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

/** Write how long something takes, in its largest unit. */
export function span(seconds) {
  for (const [unit, size] of UNITS) {
    const count = Math.round(seconds / size);
    if (seconds >= size * 0.95) return `${count} ${unit}${count === 1 ? "" : "s"}`;
  }
  return "a moment";
}
