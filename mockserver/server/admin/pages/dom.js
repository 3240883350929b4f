// Elements without a framework: nothing here ever parses HTML, so no value can become markup.

export const byId = (id) => document.getElementById(id);

/** An element; attributes by name, `on...` are listeners, children are nodes or texts. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "key") element.dataset.key = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replace what an element holds; focus and opened details stay with those of the same key. */
export function fill(parent, ...children) {
  const active = document.activeElement;
  const focused = parent.contains(active) ? active.dataset.key : undefined;
  const opened = new Set([...parent.querySelectorAll("details[open][data-key]")].map((d) => d.dataset.key));
  parent.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
  for (const each of parent.querySelectorAll("details[data-key]")) {
    if (opened.has(each.dataset.key)) each.open = true;
  }
  if (focused) {
    [...parent.querySelectorAll("[data-key]")].find((each) => each.dataset.key === focused)?.focus();
  }
}

export const short = (id) => (id.length > 14 ? `${id.slice(0, 8)}…` : id);

export const micros = (text) => Date.parse(text);

export const hourOf = (moment) => new Date(moment).toISOString().slice(11, 19);

/** Seconds as people say them. */
export function span(seconds) {
  const rounded = Math.abs(seconds);
  if (rounded < 120) return `${Number(seconds.toFixed(1))} s`;
  if (rounded < 7200) return `${Number((seconds / 60).toFixed(1))} min`;
  return `${Number((seconds / 3600).toFixed(1))} h`;
}
