// What is looked at stands in the page's address, so that a link to it can be given to others.

const VIEW = { width: "600", scheme: "light" };

export const view = read();

function read() {
  return Object.fromEntries(new URLSearchParams(location.search));
}

export const width = () => Number(view.width ?? VIEW.width);
export const scheme = () => view.scheme ?? VIEW.scheme;

/** Go somewhere: change what is given, and drop what is null. */
export function go(changes, { quietly = false } = {}) {
  for (const [name, value] of Object.entries(changes)) {
    if (value == null || value === "" || value === VIEW[name]) delete view[name];
    else view[name] = value;
  }
  history[quietly ? "replaceState" : "pushState"](null, "", `?${new URLSearchParams(view)}`.replace(/\?$/, location.pathname));
  document.dispatchEvent(new Event("went"));
}

/** Write what the mail depends on, as the server and `--show` read it. */
export function query(more = {}) {
  const { width: _w, scheme: _s, search: _q, page: _p, ...chosen } = view;
  return new URLSearchParams(Object.entries({ ...chosen, ...more }).filter(([, value]) => value != null)).toString();
}

addEventListener("popstate", () => {
  for (const name of Object.keys(view)) delete view[name];
  Object.assign(view, read());
  document.dispatchEvent(new Event("went"));
});
