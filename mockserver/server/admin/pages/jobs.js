// The jobs of a world: a table, and beside it what a chosen job was, is and will be.

import { ask, get } from "./server.js";
import { byId, calm, choice, emptyRow, fill, h, hourOf, micros, offer, pager, short, span } from "./dom.js";

const SIZE = 50;
const COLUMNS = [["name", "Job"], ["kind", "Kind"], ["state", "State"], ["created", "Created"]];
let sort = "-created";
let offset = 0;
let chosen = null;
let shown = "";
let tracks = [];

/** Whether the world has any jobs. */
export async function refresh(context) {
  frame(context);
  const query = { tenant: context.tenant, limit: SIZE, offset, sort,
    text: byId("jobs-filter").value || null, kind: byId("jobs-kind").value || null,
    state: byId("jobs-state").value || null };
  const found = await get("jobs", query);
  offer(byId("jobs-kind"), found.kinds);
  offer(byId("jobs-state"), found.states);
  context.count("jobs", found.jobs.filter((job) => job.open).length);
  const state = JSON.stringify([query, chosen, found]);
  if (state !== shown) draw(context, found);
  shown = state;
  tick(context.now());
  return found.kinds.length > 0;
}

export function forget() {
  shown = "";
  offset = 0;
  chosen = null;
}

function frame(context) {
  if (byId("jobs-body")) return;
  const again = () => { offset = 0; context.act(() => refresh(context)); };
  fill(byId("jobs"),
    h("div", { class: "filter" },
      h("input", { id: "jobs-filter", class: "find", type: "search", placeholder: "name, id, kind or state",
        "aria-label": "Filter the jobs", oninput: calm(again) }),
      choice("jobs-kind", "Kind", "every kind", again), choice("jobs-state", "State", "every state", again)),
    h("div", { class: "beside" },
      h("div", {}, h("div", { class: "table dense" }, h("table", { class: "fixed" },
        h("thead", {}, h("tr", {}, COLUMNS.map(([name, label]) => h("th", { scope: "col", id: `jobs-${name}-head` },
          h("button", { type: "button", class: "sort", key: `sort ${name}`, onclick: () => {
            sort = sort === name ? `-${name}` : name;
            again();
          } }, label))))),
        h("tbody", { id: "jobs-body" }))), h("div", { id: "jobs-pager" })),
      h("div", { id: "job-detail" })));
}

function draw(context, { jobs, outcomes, more }) {
  for (const [name] of COLUMNS) {
    const order = { [name]: "ascending", [`-${name}`]: "descending" }[sort] ?? "none";
    byId(`jobs-${name}-head`).setAttribute("aria-sort", order);
  }
  const filtered = ["filter", "kind", "state"].some((name) => byId(`jobs-${name}`).value);
  fill(byId("jobs-body"), jobs.length ? jobs.map((job) => line(context, job, jobs)) : emptyRow(4, filtered
    ? "No job matches." : "This world has no jobs. Start one over the API, and it appears here."));
  fill(byId("jobs-pager"), pager(offset, more, SIZE, (to) => {
    offset = to;
    context.act(() => refresh(context));
  }));
  tracks = [];
  const job = selected(jobs);
  fill(byId("job-detail"), job ? card(context, job, outcomes) : []);
}

const selected = (jobs) => jobs.find((job) => job.id === chosen) ?? jobs[0];

function line(context, job, jobs) {
  const current = selected(jobs) === job;
  return h("tr", { class: current ? "current" : "" },
    h("td", { class: "name" }, h("button", { type: "button", class: "link-like", key: `job ${job.id}`,
      "aria-current": String(current), title: job.id, onclick: () => {
        chosen = job.id;
        context.act(() => refresh(context));
      } }, job.name || short(job.id))),
    h("td", { title: job.kind }, job.kind), h("td", {}, h("span", { class: `state ${job.role}` },
      job.state.replaceAll("_", "_\u200b"))),
    h("td", { class: "mono", title: job.created }, job.created.slice(5, 19).replace("T", " ")));
}

function card(context, job, outcomes) {
  const lines = job.children.length ? job.children : [job];
  const scale = scaleOf(lines);
  const title = job.name || `${job.kind} ${short(job.id)}`;
  return h("article", { class: job.open ? "job" : "job ended", "aria-label": `${job.kind} ${job.id}` },
    h("div", { class: "head" },
      h("h2", {}, title),
      h("span", { class: "what" }, job.name ? `${job.kind} ` : "", h("code", { title: job.id }, short(job.id))),
      h("span", { class: `state ${job.role}` }, job.state),
      job.open && outcomes.length ? orders(context, job, outcomes) : null),
    h("div", { class: "rows" }, lines.map((each) => row(each, scale, job)),
      h("div", { class: "scale", "aria-hidden": "true" }, h("span"),
        h("div", {}, h("span", {}, hourOf(scale.from)),
          h("span", {}, `+${span((scale.to - scale.from) / 1000)}`)), h("span"))),
    h("details", { class: "states", key: `steps ${job.id}` }, h("summary", {}, "States and times"),
      h("dl", {}, lines.flatMap((each) => [h("dt", {}, each.name || short(each.id)), h("dd", {}, spoken(each))]))));
}

function orders(context, job, outcomes) {
  return h("span", { class: "orders", role: "group", "aria-label": `End ${job.name || job.kind} as` },
    h("span", { class: "what", "aria-hidden": "true" }, "end as"),
    outcomes.map((outcome) => h("button", {
      class: "small", type: "button", key: `${job.id} ${outcome}`,
      title: outcome === "stuck" ? "What is open never ends" : `What is open ends now: ${outcome}`,
      onclick: () => context.act(async () => {
        await ask("POST", `jobs/${encodeURIComponent(job.id)}`, { tenant: context.tenant }, { outcome });
        await refresh(context);
      }),
    }, outcome.replaceAll("_", " "))));
}

/** From the first moment to the last that is planned, and a little more. */
function scaleOf(lines) {
  const moments = lines.flatMap((each) => each.schedule.map((step) => micros(step.at)));
  const from = Math.min(...moments);
  const last = Math.max(...moments);
  const stuck = lines.some((each) => !each.schedule.at(-1).last);
  const width = Math.max(last - from, 1000) * (stuck ? 1.35 : 1.03);
  return { from, to: from + width };
}

function row(each, scale, job) {
  const at = (moment) => `${(100 * (moment - scale.from)) / (scale.to - scale.from)}%`;
  const track = h("div", { class: "track", role: "img", "aria-label": spoken(each) });
  each.schedule.forEach((step, index) => {
    const begins = micros(step.at);
    const next = each.schedule[index + 1];
    const bar = h("span", { class: `bar ${step.role}${step.last ? " end" : ""}`, title: `${step.state} ${hourOf(begins)}` });
    bar.style.left = at(begins);
    if (!step.last) bar.style.right = `calc(100% - ${next ? at(micros(next.at)) : "100%"})`;
    track.append(bar);
  });
  const veil = h("span", { class: "veil" });
  const needle = h("span", { class: "needle" });
  track.append(veil, needle);
  tracks.push({ scale, veil, needle });
  const name = each === job ? each.kind : each.name || short(each.id);
  return h("div", { class: "row" },
    h("span", { class: "name", title: `${name} ${each.id}` }, name), track,
    h("span", { class: `state ${each.role}` }, each.state));
}

const spoken = (each) => each.schedule.map((step) => `${step.state} at ${hourOf(micros(step.at))}`).join(", ");

/** Move the needles to where the clock is. */
export function tick(now) {
  for (const { scale, veil, needle } of tracks) {
    const part = Math.min(1, Math.max(0, (now - scale.from) / (scale.to - scale.from)));
    veil.style.left = `${100 * part}%`;
    needle.style.left = `calc(${100 * part}% - 1px)`;
    needle.hidden = part >= 1;
  }
}
