// What a user has ordered: faults and stubs.

import { ask, get } from "./server.js";
import { byId, emptyRow, fill, h, table } from "./dom.js";

let drawnFaults = "";
let drawnStubs = "";

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** A fault as people say it. */
export function inWords(fault) {
  const does = [];
  if (fault.rate) does.push(`allows ${plural(fault.rate.limit, "request")} in ${fault.rate.per} s`);
  if (fault.status) does.push(fault.rate ? `responds ${fault.status} beyond` : `responds ${fault.status}`);
  if (typeof fault.latency === "number") does.push(`waits ${fault.latency} s`);
  else if (fault.latency?.uniform) does.push(`waits ${fault.latency.uniform.join(" to ")} s`);
  else if (fault.latency?.normal) does.push(`waits about ${fault.latency.normal[0]} s`);
  if (fault.drop) does.push("drops the connection");
  if (fault.truncate !== undefined) does.push(`ends after ${plural(fault.truncate, "byte")}`);
  if (fault.stale) does.push(`hides the last ${fault.stale} s from reads`);
  if (fault.retry_after) does.push(`says Retry-After ${fault.retry_after} s`);
  if (fault.committed) does.push("after the request took effect");
  const when = [];
  if (fault.calls) when.push(`on call ${[fault.calls].flat().join(", ")}`);
  if (fault.times) when.push(`at most ${plural(fault.times, "time")}`);
  if (fault.probability !== undefined && fault.probability < 1) when.push(`with probability ${fault.probability}`);
  return [does.join(", "), ...when].join(", ");
}

const operationField = (context) => [
  h("label", {}, "Operation", h("input", { name: "operation", class: "find", list: "operations", placeholder: "operationId" })),
  byId("operations") ? null : h("datalist", { id: "operations" },
    Object.keys(context.plan.operations).map((id) => h("option", { value: id })))];

const remove = (context, kind, id, again) => h("button", { class: "small", type: "button", key: `${kind} ${id}`,
  "aria-label": `Remove ${kind} ${id}`, onclick: () => context.act(async () => {
    await ask("DELETE", `${kind}s`, { id });
    await again(context);
  }) }, "Remove");

export async function faults(context) {
  const found = await get("faults");
  context.count("faults", found.faults.length);
  if (!byId("fault-rows")) faultFrame(context);
  const state = JSON.stringify(found);
  if (state === drawnFaults && byId("fault-rows").children.length) return;
  drawnFaults = state;
  fill(byId("fault-rows"), found.faults.length ? found.faults.map((fault) => h("tr", {},
    h("td", { class: "mono" }, fault.id), h("td", {}, fault.operation ?? "every operation"),
    h("td", {}, fault.tenant ?? "every world"), h("td", {}, inWords(fault)),
    h("td", { class: "num" }, `${fault.struck} of ${fault.met}`),
    h("td", {}, remove(context, "fault", fault.id, faults))))
    : emptyRow(6, "There are no faults."));
}

const EFFECTS = {
  "responds with status": (value) => ({ status: Number(value || 503) }),
  "waits, in seconds": (value) => ({ latency: Number(value || 1) }),
  "allows requests a minute": (value) => ({ rate: { limit: Number(value || 60), per: 60 } }),
  "drops the connection": () => ({ drop: true }),
  "ends after bytes": (value) => ({ truncate: Number(value || 10) }),
};

function faultFrame(context) {
  const form = h("form", { class: "order-form", onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const spec = EFFECTS[data.get("effect")](data.get("value"));
    if (data.get("operation")) spec.operation = data.get("operation");
    if (data.get("probability")) spec.probability = Number(data.get("probability"));
    if (data.get("times")) spec.times = Number(data.get("times"));
    if (data.get("own")) spec.tenant = context.tenant;
    context.act(async () => { await ask("POST", "faults", {}, spec); await faults(context); });
  } },
  operationField(context),
  h("label", {}, "Effect", h("select", { name: "effect" }, Object.keys(EFFECTS).map((name) => h("option", {}, name)))),
  h("label", {}, "Value", h("input", { name: "value", size: 6, inputmode: "decimal", placeholder: "503" })),
  h("label", {}, "Probability", h("input", { name: "probability", size: 5, inputmode: "decimal", placeholder: "1" })),
  h("label", {}, "Times", h("input", { name: "times", size: 5, inputmode: "numeric", placeholder: "always" })),
  h("label", { class: "check" }, h("input", { name: "own", type: "checkbox", checked: true }), "this world only"),
  h("button", { class: "main" }, "Add"));
  fill(byId("faults"), form, table("fault-rows", ["Id", "Operation", "World", "Effect", "Applied", ""]));
}

export async function stubs(context) {
  const found = await get("stubs", { tenant: context.tenant });
  context.count("stubs", found.stubs.length);
  if (!byId("stub-rows")) stubFrame(context);
  const state = JSON.stringify(found);
  if (state === drawnStubs && byId("stub-rows").children.length) return;
  drawnStubs = state;
  fill(byId("stub-rows"), found.stubs.length ? found.stubs.map((stub) => {
    const { id, operation, tenant, calls, status, json, text, ...rest } = stub;
    const more = Object.entries(rest).filter(([, value]) => value && Object.keys(value).length !== 0 || value === true || typeof value === "number");
    return h("tr", {}, h("td", { class: "mono" }, id), h("td", {}, operation), h("td", {}, tenant ?? "every world"),
      h("td", { class: "mono" }, String(status ?? "success")),
      h("td", {}, h("details", { key: `stub body ${id}` }, h("summary", {}, h("code", {}, brief(json, text))),
        h("pre", {}, json === undefined ? text ?? "" : JSON.stringify(json, null, 2)))),
      h("td", {}, more.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(", ")),
      h("td", { class: "num" }, String(calls ?? 0)), h("td", {}, remove(context, "stub", id, stubs)));
  }) : emptyRow(8, "There are no stubs. Add one here, or make one of a response in the journal."));
}

function brief(json, text) {
  const shown = json === undefined ? text ?? "no body" : JSON.stringify(json);
  return shown.length > 60 ? `${shown.slice(0, 60)}…` : shown;
}

function stubFrame(context) {
  const form = h("form", { class: "order-form", onsubmit: (event) => {
    event.preventDefault();
    const data = new FormData(form);
    context.act(async () => {
      const spec = { operation: data.get("operation") };
      if (data.get("status")) spec.status = Number(data.get("status"));
      if (data.get("times")) spec.times = Number(data.get("times"));
      if (data.get("invalid")) spec.invalid = true;
      const body = data.get("body").trim();
      if (body) {
        try { spec.json = JSON.parse(body); } catch (error) { throw context.refusal(`The body is not JSON: ${error.message}`); }
      }
      await ask("POST", "stubs", { tenant: data.get("own") ? context.tenant : undefined }, spec);
      await stubs(context);
    });
  } },
  operationField(context),
  h("label", {}, "Status", h("input", { name: "status", size: 5, inputmode: "numeric", placeholder: "success" })),
  h("label", {}, "Times", h("input", { name: "times", size: 5, inputmode: "numeric", placeholder: "always" })),
  h("label", { class: "wide" }, "JSON body", h("textarea", { name: "body", rows: 3, spellcheck: "false", placeholder: '{"id": "r1"}' })),
  h("label", { class: "check" }, h("input", { name: "own", type: "checkbox", checked: true }), "this world only"),
  h("label", { class: "check" }, h("input", { name: "invalid", type: "checkbox" }), "may break the contract"),
  h("button", { class: "main" }, "Add"));
  fill(byId("stubs"), form, table("stub-rows", ["Id", "Operation", "World", "Status", "Body", "When", "Used", ""]));
}

export function forget() {
  drawnFaults = "";
  drawnStubs = "";
}
