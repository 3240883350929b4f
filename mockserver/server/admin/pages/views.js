// Resources, faults, and what was inferred.

import { ask, get } from "./server.js";
import { byId, fill, h } from "./dom.js";

let chosen = "";
let drawnRows = "";

export async function resources(context) {
  const { worlds: [world] } = await get("worlds", { tenant: context.tenant });
  const kept = world.collections.filter((each) => each.rows || each.path);
  if (!kept.some((each) => each.name === chosen)) {
    chosen = (kept.find((each) => each.rows) ?? kept[0])?.name ?? "";
  }
  const found = chosen ? await get("rows", { tenant: context.tenant, collection: chosen, limit: 100 }) : null;
  const words = (byId("rows-filter")?.value ?? "").toLowerCase();
  const state = JSON.stringify([kept, found, words]);
  if (state === drawnRows) return;
  drawnRows = state;
  const panel = byId("resources");
  if (!byId("rows")) {
    fill(panel, h("div", { class: "split" }, h("div", { class: "list", id: "kinds", role: "group",
      "aria-label": "Collections" }), h("div", {},
      h("div", { class: "filter" }, h("input", { id: "rows-filter", class: "find", type: "search",
        placeholder: "any text of a row", "aria-label": "Filter the rows",
        oninput: () => context.act(() => resources(context)) })),
      h("div", { id: "rows" }))));
  }
  fill(byId("kinds"), kept.map((each) => h("button", { type: "button", key: `kind ${each.name}`,
    title: each.path, "aria-current": String(each.name === chosen), onclick: () => {
      chosen = each.name;
      context.act(() => resources(context));
    } }, each.name, h("span", { class: "mono" }, String(each.rows)))));
  const rows = (found?.rows ?? []).filter((row) => JSON.stringify(row).toLowerCase().includes(words));
  fill(byId("rows"), rows.length ? rows.map(rowCard) : h("p", { class: "empty" }, "No rows."),
    found && found.total > found.rows.length
      ? h("p", { class: "empty" }, `The newest ${found.rows.length} of ${found.total}.`) : null);
}

function rowCard(row) {
  const state = row["state now"];
  const data = row.data ?? row;
  const name = data.name ?? data.title ?? data.subject ?? "";
  return h("details", { class: "card", key: `row ${row.id}` },
    h("summary", {}, h("code", {}, String(row.id ?? "")), " ", typeof name === "string" ? name : "",
      state ? h("span", { class: "badge" }, state) : null),
    h("pre", {}, JSON.stringify(row, null, 2)));
}

let drawnFaults = "";

export async function faults(context) {
  const found = await get("faults");
  context.count("faults", found.faults.length);
  if (!byId("fault-rows")) faultFrame(context);
  const state = JSON.stringify(found);
  if (state === drawnFaults && byId("fault-rows").children.length) return;
  drawnFaults = state;
  const rows = found.faults.map((fault) => {
    const { id, operation, tenant, met, struck, ...effect } = fault;
    return h("tr", {}, h("td", { class: "mono" }, id), h("td", {}, operation ?? "every operation"),
      h("td", {}, tenant ?? "every world"), h("td", {}, h("code", {}, JSON.stringify(effect))),
      h("td", { class: "num" }, `${struck} of ${met}`),
      h("td", {}, h("button", { class: "small", type: "button", key: `fault ${id}`, "aria-label": `Remove fault ${id}`,
        onclick: () => context.act(async () => { await ask("DELETE", "faults", { id }); await faults(context); }) },
      "Remove")));
  });
  fill(byId("fault-rows"), rows.length ? rows
    : h("tr", {}, h("td", { colspan: 6, class: "empty" }, "Nothing goes wrong on purpose.")));
}

const EFFECTS = {
  "answers with status": (value) => ({ status: Number(value || 503) }),
  "waits, in seconds": (value) => ({ latency: Number(value || 1) }),
  "allows requests a minute": (value) => ({ rate: { limit: Number(value || 60), per: 60 } }),
  "drops the connection": () => ({ drop: true }),
  "ends after bytes": (value) => ({ truncate: Number(value || 10) }),
};

function faultFrame(context) {
  const operations = Object.keys(context.plan.operations);
  const form = h("form", { class: "fault-form", onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const spec = EFFECTS[data.get("effect")](data.get("value"));
    if (data.get("operation")) spec.operation = data.get("operation");
    if (data.get("probability")) spec.probability = Number(data.get("probability"));
    if (data.get("times")) spec.times = Number(data.get("times"));
    if (data.get("own")) spec.tenant = context.tenant;
    context.act(async () => { await ask("POST", "faults", {}, spec); await faults(context); });
  } },
  h("label", {}, "Operation", h("input", { name: "operation", class: "find", list: "operations", placeholder: "every operation" })),
  h("datalist", { id: "operations" }, operations.map((id) => h("option", { value: id }))),
  h("label", {}, "What it does", h("select", { name: "effect" },
    Object.keys(EFFECTS).map((name) => h("option", {}, name)))),
  h("label", {}, "Value", h("input", { name: "value", size: 6, inputmode: "decimal", placeholder: "503" })),
  h("label", {}, "Probability", h("input", { name: "probability", size: 5, inputmode: "decimal", placeholder: "1" })),
  h("label", {}, "Times", h("input", { name: "times", size: 5, inputmode: "numeric", placeholder: "always" })),
  h("label", { class: "check" }, h("input", { name: "own", type: "checkbox", checked: true }), "this world only"),
  h("button", { class: "main" }, "Add"));
  fill(byId("faults"), form, h("div", { class: "table" }, h("table", {},
    h("thead", {}, h("tr", {}, ["Id", "Operation", "World", "Effect", "Struck", ""].map((name) =>
      h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Remove"))))),
    h("tbody", { id: "fault-rows" }))));
}

export function inferred(context) {
  if (byId("inferred").children.length) return;
  const { resources: kinds, operations } = context.plan;
  const filter = h("input", { class: "find", type: "search", placeholder: "resource or operation",
    "aria-label": "Filter what was inferred", oninput: () => {
      for (const each of byId("inferred").querySelectorAll("[data-text]")) {
        each.hidden = !each.dataset.text.includes(filter.value.toLowerCase());
      }
    } });
  fill(byId("inferred"), h("div", { class: "filter" }, filter),
    h("h2", {}, `${Object.keys(kinds).length} resources`),
    Object.entries(kinds).map(([name, kind]) => guess(name, kind.path, kind.because)),
    h("h2", {}, `${Object.keys(operations).length} operations`),
    Object.entries(operations).map(([id, each]) =>
      guess(id, `${each.method} ${each.path}: ${each.action}`, each.because)));
}

function guess(name, about, because) {
  const unsure = because.some((each) => each.confidence === "guess");
  return h("details", { class: "card", "data-text": `${name} ${about}`.toLowerCase() },
    h("summary", {}, h("b", {}, name), " ", h("code", {}, about), " ",
      unsure ? h("span", { class: "badge other" }, "a guess in it") : null),
    h("ul", {}, because.map((each) => h("li", {}, each.text, " ", h("span", { class: "badge" }, each.confidence)))));
}
