// The jobs of a world on their way: what has been, what is, and, behind the needle, what will be.

import { ask, get } from "./server.js";
import { byId, fill, h, hourOf, micros, short, span } from "./dom.js";

let shown = "";
let tracks = [];

export async function refresh(context) {
  const { jobs, outcomes } = await get("jobs", { tenant: context.tenant, limit: 30 });
  context.count("jobs", jobs.filter((job) => job.open).length);
  const state = JSON.stringify([context.tenant, jobs]);
  if (state !== shown) draw(context, jobs, outcomes);
  shown = state;
  tick(context.now());
}

export function forget() {
  shown = "";
}

function draw(context, jobs, outcomes) {
  tracks = [];
  const panel = byId("jobs");
  if (!jobs.length) {
    fill(panel, h("div", { class: "empty" },
      h("p", {}, "This world has no jobs. Start one over the API, and it appears here, with all that ",
        "lies ahead of it.")));
    return;
  }
  fill(panel, jobs.map((job) => card(context, job, outcomes)));
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
    h("div", { class: "rows" }, lines.map((line) => row(line, scale, job)),
      h("div", { class: "scale", "aria-hidden": "true" }, h("span"),
        h("div", {}, h("span", {}, hourOf(scale.from)),
          h("span", {}, `+${span((scale.to - scale.from) / 1000)}`)), h("span"))));
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
  const moments = lines.flatMap((line) => line.schedule.map((step) => micros(step.at)));
  const from = Math.min(...moments);
  const last = Math.max(...moments);
  const stuck = lines.some((line) => !line.schedule.at(-1).last);
  const width = Math.max(last - from, 1000) * (stuck ? 1.35 : 1.03);
  return { from, to: from + width };
}

function row(line, scale, job) {
  const at = (moment) => `${(100 * (moment - scale.from)) / (scale.to - scale.from)}%`;
  const track = h("div", { class: "track", role: "img", "aria-label": told(line) });
  line.schedule.forEach((step, index) => {
    const begins = micros(step.at);
    const next = line.schedule[index + 1];
    const bar = h("span", { class: `bar ${step.role}${step.last ? " end" : ""}`, title: `${step.state} ${hourOf(begins)}` });
    bar.style.left = at(begins);
    if (!step.last) bar.style.right = `calc(100% - ${next ? at(micros(next.at)) : "100%"})`;
    track.append(bar);
  });
  const veil = h("span", { class: "veil" });
  const needle = h("span", { class: "needle" });
  track.append(veil, needle);
  tracks.push({ scale, veil, needle });
  const name = line === job ? line.kind : line.name || short(line.id);
  return h("div", { class: "row" },
    h("span", { class: "name", title: `${name} ${line.id}` }, name), track,
    h("span", { class: `state ${line.role}` }, line.state));
}

const told = (line) => line.schedule.map((step) => `${step.state} at ${hourOf(micros(step.at))}`).join(", ");

/** Move the needles to where the clock is. */
export function tick(now) {
  for (const { scale, veil, needle } of tracks) {
    const part = Math.min(1, Math.max(0, (now - scale.from) / (scale.to - scale.from)));
    veil.style.left = `${100 * part}%`;
    needle.style.left = `calc(${100 * part}% - 1px)`;
    needle.hidden = part >= 1;
  }
}
