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

/** Previous and next page of a list, if it has more than one. */
export function pager(at, more, size, go) {
  if (!at && !more) return null;
  const button = (label, to, off) => h("button", { type: "button", class: "small", key: `page ${label}`,
    disabled: off, onclick: () => go(to) }, label);
  return h("div", { class: "pager" }, button("Newer", Math.max(0, at - size), !at),
    h("span", {}, `from ${at + 1}`), button("Older", at + size, !more));
}

/** A table; headings are texts, or [text, node]. */
export const table = (id, headings, ...more) => h("div", { class: "table" }, h("table", {},
  h("thead", {}, h("tr", {}, headings.map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Actions"))))),
  h("tbody", { id }, ...more)));

export const emptyRow = (columns, text) => h("tr", {}, h("td", { colspan: columns, class: "empty" }, text));

/** A select of texts, the first of which means all. */
export function choice(id, label, first, onchange) {
  return h("select", { id, "aria-label": label, onchange }, h("option", { value: "" }, first));
}

/** Bring the options of a select up to date; the choice stays. */
export function offer(select, values) {
  if (select.options.length === values.length + 1) return;
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...values.map((value) => h("option", { value }, value)));
  select.value = values.includes(chosen) ? chosen : "";
}

/** Call it when nobody has typed for a moment. */
export function calm(work, wait = 200) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, wait);
  };
}

export async function copy(button, text) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Not copied";
  }
  setTimeout(() => { button.textContent = before; }, 1200);
}
