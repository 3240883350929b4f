// What was inferred from the document, and the lines of mockserver.toml that would correct it.

import { byId, copy, fill, h } from "./dom.js";

export function refresh(context) {
  if (byId("inferred-list")) return;
  const { resources, operations } = context.plan;
  const filter = h("input", { class: "find", type: "search", placeholder: "resource or operation",
    "aria-label": "Filter what was inferred", oninput: () => narrow(filter, guesses) });
  const guesses = h("input", { type: "checkbox", id: "guesses-only", onchange: () => narrow(filter, guesses) });
  fill(byId("inferred"), h("div", { class: "filter" }, filter, h("label", {}, guesses, "guesses only"),
    h("span", { class: "quiet" }, "Correct a wrong guess in mockserver.toml: copy its lines and change them.")),
  h("div", { id: "inferred-list" },
    h("h2", {}, `${Object.keys(resources).length} resources`),
    Object.entries(resources).map(([name, kind]) => guess(name, kind.path, [...kind.because, ...(kind.lifecycle?.because ?? [])], resourceToml(name, kind))),
    h("h2", {}, `${Object.keys(operations).length} operations`),
    Object.entries(operations).map(([id, each]) =>
      guess(id, `${each.method} ${each.path}: ${each.action}`, each.because, operationToml(id, each)))),
  h("p", { class: "empty", id: "inferred-none", hidden: true }, "Nothing matches."));
}

function narrow(filter, guesses) {
  const words = filter.value.toLowerCase();
  let any = false;
  for (const each of byId("inferred").querySelectorAll("[data-text]")) {
    each.hidden = !each.dataset.text.includes(words) || (guesses.checked && !each.dataset.guess);
    any ||= !each.hidden;
  }
  byId("inferred-none").hidden = any;
}

function guess(name, about, because, toml) {
  const unsure = because.some((each) => each.confidence === "guess");
  return h("details", { class: "card", "data-text": `${name} ${about}`.toLowerCase(), "data-guess": unsure ? "1" : null },
    h("summary", {}, h("b", {}, name), " ", h("code", {}, about), " ",
      unsure ? h("span", { class: "badge other" }, "a guess in it") : null),
    h("ul", {}, because.map((each) => h("li", {}, each.text, " ", h("span", { class: "badge" }, each.confidence)))),
    h("pre", {}, toml), h("button", { class: "small", type: "button", onclick: (event) => copy(event.currentTarget, toml) }, "Copy for mockserver.toml"));
}

const key = (name) => (/^[A-Za-z0-9_-]+$/.test(name) ? name : JSON.stringify(name));
const lines = (head, pairs) => [`[${head}]`, ...pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
  .map(([name, value]) => `${name} = ${toml(value)}`)].join("\n");

function toml(value) {
  if (Array.isArray(value)) return `[${value.map(toml).join(", ")}]`;
  if (value && typeof value === "object") return `{ ${Object.entries(value).map(([name, inner]) => `${key(name)} = ${toml(inner)}`).join(", ")} }`;
  return JSON.stringify(value);
}

const operationToml = (id, each) => lines(`operations.${key(id)}`, [["action", each.action], ["resource", each.resource],
  ["verb", each.verb], ["changes", Object.keys(each.changes ?? {}).length ? each.changes : undefined]]);

function resourceToml(name, kind) {
  const own = lines(`resources.${key(name)}`, [["key", kind.id]]);
  const states = kind.lifecycle;
  if (!states) return own;
  return `${own}\n\n${lines(`lifecycles.${key(name)}`, ["property", "initial", "active", "success", "failure", "cancelled", "moves"]
    .map((field) => [field, states[field]]))}`;
}
