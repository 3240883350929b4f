// The dashboard: one world at a time, asked for every second while somebody looks.

import * as inferred from "./inferred.js";
import * as jobs from "./jobs.js";
import * as journal from "./journal.js";
import * as orders from "./orders.js";
import * as resources from "./resources.js";
import * as traffic from "./traffic.js";
import { Refused, ask, get, keepToken } from "./server.js";
import { byId, fill, h } from "./dom.js";

const EVERY = 1000;
const WORLDS_EVERY = 5000;
const USUAL = "mock-key";
const REFRESH = {
  jobs: jobs.refresh, resources: resources.refresh, journal: journal.refresh, webhooks: traffic.webhooks,
  faults: orders.faults, stubs: orders.stubs, coverage: traffic.coverage, lint: traffic.lint,
  inferred: inferred.refresh, about: () => {},
};
const TABS = Object.keys(REFRESH);
const NEED_PLAN = ["faults", "stubs", "inferred"];

const context = {
  tenant: null,
  shown: "",
  plan: null,
  tab: "jobs",
  clock: { at: 0, speed: 0, heard: 0 },
  now() {
    return this.clock.at + (performance.now() - this.clock.heard) * this.clock.speed;
  },
  count(tab, number) {
    const button = byId(`tab-${tab}`);
    const badge = button.querySelector(".count") ?? button.appendChild(h("span", { class: "count" }));
    badge.textContent = number ? String(number) : "";
  },
  show: (tab) => show(tab),
  refusal: (text) => new Refused(400, text),
  /** Do it, and say so if it is refused. */
  async act(work) {
    try {
      await work();
      byId("message").hidden = true;
    } catch (error) {
      complain(error);
    }
  },
};

function complain(error) {
  if (error instanceof Refused && (error.status === 401 || error.status === 403) && !byId("ask").open) {
    byId("ask").showModal();
  }
  const lost = !(error instanceof Refused);
  link(lost ? "lost" : "live");
  byId("message").textContent = lost ? "The server does not answer; trying again." : error.message;
  byId("message").hidden = false;
}

function link(state) {
  byId("link").className = `link ${state}`;
  byId("link").textContent = state;
}

function heardClock({ now, speed }) {
  context.clock = { at: Date.parse(now), speed, heard: performance.now() };
  document.querySelector(".clock").classList.toggle("still", speed === 0);
  byId("pause").setAttribute("aria-pressed", String(speed === 0));
  byId("pause").textContent = speed === 0 ? "Run" : "Pause";
  const select = byId("speed");
  if (document.activeElement !== select) {
    if (![...select.options].some((option) => Number(option.value) === speed)) {
      select.append(h("option", { value: speed }, `× ${speed}`));
    }
    select.value = String(speed);
  }
  tick();
}

function tick() {
  const moment = new Date(context.now());
  if (!context.clock.heard || Number.isNaN(moment.getTime())) return;
  const text = moment.toISOString();
  byId("day").textContent = `${text.slice(0, 10)} UTC`;
  byId("hour").textContent = text.slice(11, 19);
  byId("now").dateTime = text;
  if (context.tab === "jobs") jobs.tick(context.now());
}

async function worlds() {
  const found = await get("worlds");
  const names = found.worlds.map((world) => world.tenant);
  // They come in the order of their use: the last one is what somebody works with.
  if (!names.includes(context.tenant)) context.tenant = names.includes(USUAL) ? USUAL : names.at(-1);
  found.worlds.sort((one, other) => (one.shown < other.shown ? -1 : 1));
  const select = byId("world");
  const options = found.worlds.map((world) => `${world.tenant}\n${world.shown}`).join("\n");
  if (select.dataset.options !== options) {
    select.dataset.options = options;
    fill(select, found.worlds.map((world) => h("option", { value: world.tenant }, world.shown)));
  }
  select.value = context.tenant;
  const chosen = found.worlds.find((world) => world.tenant === context.tenant);
  context.shown = chosen.shown;
  heardClock(chosen.clock);
}

let listed = 0;
let undecided = false; // nobody has asked for a tab yet

async function refresh() {
  // Worlds come and go seldom, and there may be hundreds of them; the clock is to be right.
  if (context.tenant === null || performance.now() - listed > WORLDS_EVERY) {
    await worlds();
    listed = performance.now();
  } else {
    heardClock(await get("clock", { tenant: context.tenant }));
  }
  if (!context.plan && NEED_PLAN.includes(context.tab)) context.plan = await get("plan");
  const some = await REFRESH[context.tab](context);
  link("live");
  if (undecided && context.tab === "jobs" && some === false) show("resources");
  undecided = false;
}

let waiting = 0;
let failed = false;

async function poll() {
  clearTimeout(waiting);
  if (!document.hidden) {
    try {
      await refresh();
      if (failed) byId("message").hidden = true;
      failed = false;
    } catch (error) {
      failed = true;
      complain(error);
    }
  }
  clearTimeout(waiting);
  waiting = setTimeout(poll, EVERY);
}

const orderClock = (order) => context.act(async () => {
  heardClock(await ask("POST", "clock", { tenant: context.tenant }, order));
  await refresh();
});

const advance = (seconds) => orderClock({ advance: seconds });
let speedBefore = 1;

function pause() {
  if (context.clock.speed) speedBefore = context.clock.speed;
  orderClock({ speed: context.clock.speed ? 0 : speedBefore });
}

function show(tab, focus = false) {
  context.tab = tab;
  for (const name of TABS) {
    const button = byId(`tab-${name}`);
    button.setAttribute("aria-selected", String(name === tab));
    button.tabIndex = name === tab ? 0 : -1;
    byId(name).hidden = name !== tab;
  }
  if (focus) byId(`tab-${tab}`).focus();
  if (location.hash !== `#${tab}`) history.replaceState(null, "", `#${tab}`);
  poll();
}

function onTabKey(event) {
  const place = TABS.indexOf(context.tab);
  const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const next = move ? (place + move + TABS.length) % TABS.length : { Home: 0, End: TABS.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  show(TABS[next], true);
}

function onKey(event) {
  const typing = event.target.closest?.("input, select, textarea, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const actions = {
    p: pause, s: () => advance(1), m: () => advance(60), h: () => advance(3600),
    a: () => byId("seconds").select(), w: () => byId("world").focus(), "?": () => byId("help").showModal(),
    "/": () => byId(context.tab).querySelector(".find")?.focus(),
  };
  const action = actions[event.key] ?? (/^[0-9]$/.test(event.key) ? () => show(TABS[(Number(event.key) + 9) % 10], true) : null);
  if (!action) return;
  event.preventDefault();
  action();
}

function begin() {
  TABS.forEach((name) => byId(`tab-${name}`).addEventListener("click", () => show(name)));
  document.querySelector("[role=tablist]").addEventListener("keydown", onTabKey);
  document.addEventListener("keydown", onKey);
  document.addEventListener("visibilitychange", poll);
  byId("pause").addEventListener("click", pause);
  byId("speed").addEventListener("change", (event) => orderClock({ speed: Number(event.target.value) }));
  byId("advance").addEventListener("submit", (event) => {
    event.preventDefault();
    advance(Number(byId("seconds").value.replace(",", ".")));
  });
  document.querySelectorAll("[data-step]").forEach((button) =>
    button.addEventListener("click", () => advance(Number(button.dataset.step))));
  byId("world").addEventListener("change", (event) => {
    context.tenant = event.target.value;
    listed = 0;
    [jobs, journal, orders, resources, traffic].forEach((view) => view.forget());
    poll();
  });
  byId("reset").addEventListener("click", () => {
    if (!confirm("Go back to the seed data? Changes in this world are lost.")) return;
    context.act(async () => { await ask("POST", "reset", { tenant: context.tenant }); await refresh(); });
  });
  byId("keys").addEventListener("click", () => byId("help").showModal());
  byId("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    keepToken(byId("token").value);
    byId("ask").close();
    byId("message").hidden = true;
    poll();
  });
  setInterval(tick, 200);
  const asked = location.hash.slice(1);
  undecided = !TABS.includes(asked);
  show(undecided ? "jobs" : asked);
}

begin();
