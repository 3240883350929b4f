// What came of the traffic: webhooks, coverage and client lint.

import { get } from "./server.js";
import { byId, calm, emptyRow, fill, h, pager, table } from "./dom.js";

const SIZE = 50;
const drawn = {};
let offset = 0;

const unchanged = (view, found) => {
  const state = JSON.stringify(found);
  const same = drawn[view] === state;
  drawn[view] = state;
  return same;
};

export function forget() {
  for (const view of Object.keys(drawn)) delete drawn[view];
  offset = 0;
}

const roleOf = (state) => ({ sent: "success", waiting: "active", refused: "failure", "given up": "failure" })[state] ?? "other";

export async function webhooks(context) {
  if (!byId("delivery-rows")) {
    fill(byId("webhooks"), h("h2", {}, "Subscriptions"),
      table("subscription-rows", ["Id", "URL", "World", "Events", "Waiting"]), h("h2", {}, "Deliveries"),
      h("div", { class: "filter" }, h("input", { id: "delivery-filter", class: "find", type: "search",
        placeholder: "event, state or text of a body", "aria-label": "Filter the deliveries",
        oninput: calm(() => { offset = 0; context.act(() => webhooks(context)); }) })),
      table("delivery-rows", ["Event", "State", "Attempts", "Next attempt", "To", "Body"]), h("div", { id: "delivery-pager" }),
      h("p", { class: "quiet", id: "announced" }));
  }
  const query = { limit: SIZE, offset, text: byId("delivery-filter").value || null };
  const found = await get("webhooks", query);
  context.count("webhooks", found.deliveries.filter((each) => each.state === "waiting").length);
  if (unchanged("webhooks", [query, found])) return;
  fill(byId("subscription-rows"), found.subscriptions.length ? found.subscriptions.map((each) => h("tr", {},
    h("td", { class: "mono" }, each.id), h("td", { class: "target" }, h("code", {}, each.url)),
    h("td", {}, each.tenant ?? "every world"), h("td", {}, each.events?.join(", ") ?? "every event"),
    h("td", { class: "num" }, String(each.waiting))))
    : emptyRow(5, "Nobody has subscribed. POST /__mock__/webhooks with a URL, or register over the API."));
  fill(byId("delivery-rows"), found.deliveries.length ? found.deliveries.map((each) => h("tr", {},
    h("td", {}, each.event), h("td", {}, h("span", { class: `state ${roleOf(each.state)}` }, each.state)),
    h("td", {}, each.answers.length ? h("ol", { class: "attempts" }, each.answers.map((answer) => h("li", {}, String(answer)))) : "none yet"),
    h("td", { class: "mono" }, each.due ? each.due.slice(0, 19).replace("T", " ") : ""),
    h("td", { class: "mono" }, each.subscription),
    h("td", {}, h("details", { key: `delivery ${each.id} ${each.subscription}` }, h("summary", {}, "show"),
      h("pre", {}, JSON.stringify(each.body, null, 2))))))
    : emptyRow(6, query.text ? "No delivery matches." : "No deliveries."));
  fill(byId("delivery-pager"), pager(offset, found.more, SIZE, (to) => {
    offset = to;
    context.act(() => webhooks(context));
  }));
  byId("announced").textContent = found.announced.length
    ? `The document has ${found.announced.map((each) => each.name).join(", ")}.` : "The document has no webhooks.";
}

export async function coverage(context) {
  const found = await get("coverage", { tenant: context.tenant });
  if (unchanged("coverage", found)) return;
  const { operations, statuses } = found;
  const list = (title, entries) => (entries.length ? [h("h2", {}, title), h("ul", {}, entries)] : []);
  fill(byId("coverage"),
    h("p", { class: "figure" }, h("b", {}, `${found.percent} %`), ` of the operations, by ${found.requests} requests`),
    h("div", { class: "meter", role: "img", "aria-label": `${found.percent} percent` }, meter(found.percent)),
    h("p", { class: "quiet" }, `${operations.asked} of ${operations.documented} operations, `,
      `${statuses.answered} of ${statuses.documented} documented statuses.`),
    list("Requests that broke the contract", found.misfits.map((each) => h("li", {}, h("b", {}, each.operation), `: ${each.reason} `,
      h("span", { class: "badge" }, `${each.count}`)))),
    list("Requests without an operation", found.unknown.map((each) => h("li", {}, h("code", {}, each.request), " ",
      h("span", { class: "badge" }, `${each.count}`)))),
    list("Hints", found.hints.map((hint) => h("li", {}, hint))),
    h("details", { key: "never used", open: operations.never.length < 30 }, h("summary", {}, `${operations.never.length} operations never used`),
      h("ul", { class: "columns" }, operations.never.map((id) => h("li", {}, id)))),
    h("details", { key: "statuses never seen" }, h("summary", {}, `${Object.keys(statuses.never).length} operations with statuses never seen`),
      h("ul", {}, Object.entries(statuses.never).map(([id, never]) => h("li", {}, h("b", {}, id), ` ${never.join(", ")}`)))));
}

function meter(percent) {
  const bar = h("span", {});
  bar.style.width = `${percent}%`;
  return bar;
}

export async function lint(context) {
  const found = await get("client-lint", { tenant: context.tenant });
  context.count("lint", found.findings.length);
  if (unchanged("lint", found)) return;
  fill(byId("lint"), h("p", { class: "quiet" }, `What this world's clients did badly, from ${found.exchanges} requests.`),
    table("lint-rows", ["Finding", "What happened", "Requests"], found.findings.length
      ? found.findings.map((each) => h("tr", {}, h("td", {}, h("span", { class: "badge other" }, each.kind)), h("td", {}, each.text),
        h("td", { class: "mono" }, each.calls.join(", "))))
      : emptyRow(3, "Nothing to report.")));
}
