// Requests and responses, and one of them in detail.

import { ask, get } from "./server.js";
import { byId, calm, choice, copy, emptyRow, fill, h, offer, pager, table } from "./dom.js";

const SIZE = 100;
let offset = 0;
let opened = null;
let drawn = "";

const checked = (id) => (byId(id).checked ? 1 : null);

export async function refresh(context) {
  frame(context);
  const every = byId("journal-all").checked;
  const query = { limit: SIZE, offset, text: byId("journal-filter").value || null, noted: checked("journal-odd"),
    status: byId("journal-status").value || null,
    // What fits no operation was refused before anybody knew whose it is: it shows in every world.
    tenant: every ? null : context.tenant, unknown: every ? null : 1 };
  const found = await get("journal", query);
  context.count("journal", found.found);
  const state = JSON.stringify([query, found.exchanges.map((each) => each.number)]);
  if (state === drawn) return;
  drawn = state;
  const filtered = query.text || query.noted || query.status;
  fill(byId("journal-body"), found.exchanges.length ? found.exchanges.map((each) => line(context, each))
    : emptyRow(6, filtered ? "No request matches." : "No requests yet."));
  fill(byId("journal-pager"), pager(offset, offset + SIZE < found.found, SIZE, (to) => {
    offset = to;
    context.act(() => refresh(context));
  }));
}

export function forget() {
  drawn = "";
  offset = 0;
  close();
}

function frame(context) {
  if (byId("journal-body")) return;
  const again = () => { offset = 0; context.act(() => refresh(context)); };
  fill(byId("journal"),
    h("div", { class: "filter" },
      h("input", { id: "journal-filter", class: "find", type: "search", placeholder: "method, path, operation or status",
        "aria-label": "Filter the journal", oninput: calm(again) }),
      choice("journal-status", "Status", "every status", again),
      h("label", {}, h("input", { id: "journal-odd", type: "checkbox", onchange: again }), "with findings"),
      h("label", {}, h("input", { id: "journal-all", type: "checkbox", onchange: again }), "every world"),
      h("button", { type: "button", onclick: () => context.act(async () => {
        await ask("DELETE", "journal", { tenant: byId("journal-all").checked ? undefined : context.tenant });
        close();
        await refresh(context);
      }) }, "Clear"),
      h("a", { href: "journal?format=har&limit=1000", download: "journal.har" }, "HAR")),
    h("div", { class: "beside", id: "journal-split" },
      h("div", {}, table("journal-body", ["#", "Time", "Request", "Operation", "Status", "ms"]), h("div", { id: "journal-pager" })),
      h("aside", { id: "journal-detail", "aria-label": "The chosen request", hidden: true })));
  offer(byId("journal-status"), ["2xx", "3xx", "4xx", "5xx"]);
}

const roleOf = (status) => (!status || status >= 500 ? "failure" : status >= 400 ? "other" : "success");

const notesOf = (each) => each.violations.length + each.faults.length + (each.problem ? 1 : 0)
  + (each.undocumented ? 1 : 0) + (each.operation ? 0 : 1);

function line(context, each) {
  const notes = notesOf(each);
  return h("tr", { class: each.number === opened ? "current" : "" },
    h("td", { class: "num" }, String(each.number)),
    h("td", { class: "mono" }, each.time.slice(11, 23)),
    h("td", { class: "target" }, h("button", { type: "button", class: "link-like", key: `entry ${each.number}`,
      "aria-current": String(each.number === opened), onclick: () => context.act(() => open(context, each.number)) },
    h("b", { class: "mono" }, each.method), " ", h("code", {}, each.target)), " ",
    notes ? h("span", { class: "badge other" }, `${notes} finding${notes > 1 ? "s" : ""}`) : null,
    each.stub ? h("span", { class: "badge" }, each.stub) : null),
    h("td", {}, each.operation ?? h("span", { class: "badge other" }, "no operation")),
    h("td", { class: `mono ${roleOf(each.status)}` }, String(each.status ?? "none")),
    h("td", { class: "num" }, each.duration_ms === null ? "" : each.duration_ms.toFixed(1)));
}

function close() {
  opened = null;
  const pane = byId("journal-detail");
  if (pane) pane.hidden = true;
}

async function open(context, number) {
  const found = await get(`journal/${number}`);
  opened = number;
  const pane = byId("journal-detail");
  pane.hidden = false;
  fill(pane, detail(context, found));
  if (matchMedia("(max-width: 68rem)").matches) pane.scrollIntoView({ block: "start" });
  drawn = "";
  await refresh(context);
}

function detail(context, each) {
  const act = (label, work) => h("button", { type: "button", class: "small", key: `do ${label}`, onclick: (event) => work(event.currentTarget) }, label);
  const stub = () => context.act(async () => {
    const { text } = each.response.content;
    const spec = { operation: each.operation, status: each.status, invalid: true };
    try { spec.json = JSON.parse(text); } catch { if (text) spec.text = text; }
    await ask("POST", "stubs", { tenant: context.tenant }, spec);
    context.show("stubs");
  });
  return [
    h("div", { class: "head" },
      h("h2", {}, h("span", { class: "mono" }, `${each.method} `), h("code", {}, each.target)),
      h("span", { class: `mono ${roleOf(each.status)}` }, String(each.status ?? "no response")),
      act("Copy as curl", (button) => copy(button, curl(each.request))),
      act("Replay", () => context.act(() => replay(context, each))),
      each.operation && each.status ? act("Make a stub", stub) : null,
      act("Close", () => { close(); drawn = ""; context.act(() => refresh(context)); })),
    findings(each), half("Request", each.request.headers, each.request.postData?.text),
    half("Response", each.response.headers, each.response.content.text)];
}

function half(name, headers, body) {
  return h("section", {}, h("h3", {}, name),
    h("details", { key: `${name} headers` }, h("summary", {}, `${headers.length} header${headers.length === 1 ? "" : "s"}`),
      h("dl", { class: "headers" }, headers.flatMap(({ name: key, value }) => [h("dt", {}, key), h("dd", {}, value)]))),
    body ? h("pre", {}, pretty(body)) : h("p", { class: "quiet" }, "No body."));
}

function pretty(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function findings(each) {
  const lines = each.violations.map((found) => h("li", {}, h("code", {}, found.where.join(".")),
    ` ${found.message} `, h("span", { class: "badge" }, found.rule)));
  if (!each.operation) {
    lines.push(h("li", {}, "matches no operation of the document"));
    each.near.forEach((near) => lines.push(h("li", {}, "close to ", h("code", {}, near))));
  }
  if (each.undocumented) lines.push(h("li", {}, `the document does not list the status ${each.status}`));
  if (each.problem) lines.push(h("li", {}, each.problem));
  if (each.stub) lines.push(h("li", {}, `the response is that of ${each.stub}`));
  if (each.faults.length) lines.push(h("li", {}, `faults: ${each.faults.join(", ")}`));
  return lines.length ? h("ul", { class: "findings" }, lines) : null;
}

const SKIPPED = new Set(["host", "content-length", "connection", "accept-encoding"]);
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ method, url, headers, postData }) {
  const words = ["curl", "-X", method, quoted(url)];
  for (const { name, value } of headers) if (!SKIPPED.has(name.toLowerCase())) words.push("-H", quoted(`${name}: ${value}`));
  if (postData?.text) words.push("--data-raw", quoted(postData.text));
  return words.join(" ");
}

/** The same request again, with the credential of the chosen world. */
async function replay(context, { request, target }) {
  const credential = await get("credential", { tenant: context.tenant });
  const headers = { ...credential.headers };
  for (const { name, value } of request.headers) {
    if (["content-type", "accept"].includes(name.toLowerCase())) headers[name] = value;
  }
  const base = new URL("../", document.baseURI).pathname.replace(/\/$/, "");
  const url = new URL((base && !target.startsWith(`${base}/`) ? base : "") + target, location.origin);
  for (const [name, value] of Object.entries(credential.query)) url.searchParams.set(name, value);
  await fetch(url, { method: request.method, headers, body: request.postData?.text || undefined });
  await refresh(context);
  const { exchanges: [newest] } = await get("journal", { limit: 1 });
  if (newest) await open(context, newest.number);
}
