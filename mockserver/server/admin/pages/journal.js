// What was asked and answered.

import { ask, get } from "./server.js";
import { byId, fill, h } from "./dom.js";

let exchanges = [];
let drawn = "";
const opened = new Set();

export async function refresh(context) {
  const found = await get("journal", { limit: 500 });
  // What fits no operation was refused before anybody knew whose it is: it shows in every world.
  const ours = (each) => byId("journal-all")?.checked || each.tenant === null || each.tenant === context.shown;
  exchanges = found.exchanges.filter(ours);
  context.count("journal", exchanges.length);
  draw(context);
}

function frame(context) {
  if (byId("journal-body")) return;
  fill(byId("journal"),
    h("div", { class: "filter" },
      h("input", { id: "journal-filter", class: "find", type: "search", placeholder: "path, operation or status",
        "aria-label": "Filter the journal", oninput: () => draw(context) }),
      h("label", {}, h("input", { id: "journal-odd", type: "checkbox", onchange: () => draw(context) }),
        "with something to say"),
      h("label", {}, h("input", { id: "journal-all", type: "checkbox",
        onchange: () => context.act(() => refresh(context)) }), "every world"),
      h("button", { type: "button", onclick: () => context.act(async () => {
        await ask("DELETE", "journal", { tenant: byId("journal-all").checked ? undefined : context.tenant });
        await refresh(context);
      }) }, "Forget"),
      h("a", { href: "journal?format=har", download: "journal.har" }, "HAR")),
    h("div", { class: "table" }, h("table", {},
      h("thead", {}, h("tr", {}, ["", "Time", "Request", "Operation", "Status", "ms", ""].map((name, index) =>
        h("th", { scope: "col" }, name || (index ? h("span", { class: "hidden" }, "Remarks") : "#"))))),
      h("tbody", { id: "journal-body" }))));
}

const remarks = (each) => each.violations.length + each.faults.length + (each.problem ? 1 : 0)
  + (each.undocumented ? 1 : 0) + (each.operation ? 0 : 1);

function draw(context) {
  frame(context);
  const words = byId("journal-filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const odd = byId("journal-odd").checked;
  const wanted = exchanges.filter((each) => {
    const text = `${each.method} ${each.target} ${each.operation} ${each.status}`.toLowerCase();
    return (!odd || remarks(each)) && words.every((word) => text.includes(word));
  });
  const state = JSON.stringify([wanted.map((each) => each.number), [...opened], context.tenant]);
  if (state === drawn) return;
  drawn = state;
  const empty = h("tr", {}, h("td", { colspan: 7, class: "empty" },
    exchanges.length ? "Nothing fits." : "Nothing was asked yet."));
  fill(byId("journal-body"), wanted.length ? wanted.flatMap((each) => rows(context, each)) : empty);
}

function rows(context, each) {
  const role = !each.status || each.status >= 500 ? "failure" : each.status >= 400 ? "other" : "success";
  const isOpen = opened.has(each.number);
  const notes = remarks(each);
  const main = h("tr", {},
    h("td", { class: "num" }, String(each.number)),
    h("td", { class: "mono" }, each.time.slice(11, 23)),
    h("td", { class: "target" }, h("b", { class: "mono" }, each.method), " ", h("code", {}, each.target)),
    h("td", {}, each.operation ?? h("span", { class: "badge other" }, "no operation")),
    h("td", { class: `mono ${role}` }, String(each.status ?? "none")),
    h("td", { class: "num" }, each.duration_ms === null ? "" : each.duration_ms.toFixed(1)),
    h("td", {}, notes ? h("button", { class: "small", type: "button", key: `entry ${each.number}`,
      "aria-expanded": String(isOpen), onclick: () => {
        if (!opened.delete(each.number)) opened.add(each.number);
        draw(context);
      } }, `${notes} remark${notes > 1 ? "s" : ""}`) : ""));
  return isOpen && notes ? [main, detail(each)] : [main];
}

function detail(each) {
  const lines = each.violations.map((found) => h("li", {}, h("code", {}, found.where.join(".")),
    ` ${found.message} `, h("span", { class: "badge" }, found.rule)));
  if (!each.operation) {
    lines.push(h("li", {}, "fits no operation of the document"));
    each.near.forEach((near) => lines.push(h("li", {}, "close to ", h("code", {}, near))));
  }
  if (each.undocumented) lines.push(h("li", {}, `the document does not list the status ${each.status}`));
  if (each.problem) lines.push(h("li", {}, each.problem));
  if (each.faults.length) lines.push(h("li", {}, `faults that struck: ${each.faults.join(", ")}`));
  return h("tr", { class: "detail" }, h("td", { colspan: 7 }, h("ul", {}, lines)));
}
