// What a world holds, resource by resource, as a client sees it.

import { get } from "./server.js";
import { byId, calm, fill, h, pager } from "./dom.js";

const SIZE = 50;
let chosen = "";
let offset = 0;
let drawn = "";

export async function refresh(context) {
  const { worlds: [world] } = await get("worlds", { tenant: context.tenant });
  const kept = world.collections.filter((each) => each.rows || each.path);
  if (!kept.some((each) => each.name === chosen)) {
    const first = (test) => kept.find(test)?.name;
    chosen = first((each) => each.path && each.rows) ?? first((each) => each.path) ?? first(() => true) ?? "";
  }
  frame(context);
  const query = { tenant: context.tenant, collection: chosen, limit: SIZE, offset, text: byId("rows-filter").value || null };
  const found = chosen ? await get("rows", query) : { rows: [], shown: {}, total: 0 };
  const state = JSON.stringify([kept, found, query]);
  if (state === drawn) return;
  drawn = state;
  fill(byId("kinds"), kept.map((each) => h("button", { type: "button", key: `kind ${each.name}`,
    title: each.path, "aria-current": String(each.name === chosen), onclick: () => {
      chosen = each.name;
      offset = 0;
      context.act(() => refresh(context));
    } }, each.name, h("span", { class: "mono" }, String(each.name === chosen ? found.total : each.rows || "")))));
  fill(byId("rows"), found.rows.length ? found.rows.map((row) => card(row, found.shown[row.id]))
    : h("p", { class: "empty" }, query.text ? "No entity matches." : "No entities."),
  pager(offset, found.more, SIZE, (to) => {
    offset = to;
    context.act(() => refresh(context));
  }));
}

export function forget() {
  drawn = "";
  offset = 0;
}

function frame(context) {
  if (byId("rows")) return;
  fill(byId("resources"), h("div", { class: "split" }, h("div", { class: "list", id: "kinds", role: "group",
    "aria-label": "Resources" }), h("div", {},
    h("div", { class: "filter" }, h("input", { id: "rows-filter", class: "find", type: "search",
      placeholder: "any text of an entity", "aria-label": "Filter the entities",
      oninput: calm(() => { offset = 0; context.act(() => refresh(context)); }) })),
    h("div", { id: "rows" }))));
}

const texts = (data, id) => Object.entries(data).filter(([name, value]) => typeof value === "string"
  && value !== id && value.length <= 60 && !/(id|url|at|type|status|state)$/i.test(name)).map(([, value]) => value);

function card(row, seen) {
  const state = row["state now"];
  const data = (seen && typeof seen === "object" ? seen : null) ?? row.data ?? row;
  const own = { ...data, ...data.attributes };
  const name = own.name ?? own.title ?? own.subject ?? texts(own, row.id)[0] ?? "";
  return h("details", { class: "card", key: `row ${row.id}` },
    h("summary", {}, h("code", {}, String(row.id ?? "")), " ", typeof name === "string" ? name : "",
      state ? h("span", { class: "badge" }, state) : null),
    h("pre", {}, JSON.stringify(data, null, 2)),
    h("details", { key: `stored ${row.id}` }, h("summary", {}, "as stored"), h("pre", {}, JSON.stringify(row, null, 2))));
}
