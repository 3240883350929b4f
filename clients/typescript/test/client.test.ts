import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MockServer, MockServerError, type Tenant } from "../src/index.js";
import { mockTest } from "../src/vitest.js";

const SUITE = "/v1/sim-suites/3c90c3cc-0d44-4b50-8888-8dd25736052a";
const AGENT = { agent_id: "3c90c3cc-0d44-4b50-8888-8dd25736052a" };

let server: MockServer;
beforeAll(async () => {
  server = await MockServer.start({ seed: 3 });
}, 60_000);
afterAll(async () => {
  await server.stop();
});

async function run(mock: Tenant): Promise<any> {
  return (await mock.fetch(`${SUITE}/runs`, { json: AGENT })).json();
}

async function status(mock: Tenant, id: string): Promise<string> {
  return (await (await mock.fetch(`${SUITE}/runs/${id}`)).json()).status;
}

describe("a tenant", () => {
  test("has a clock that stands still until it is told", async () => {
    const mock = server.tenant();
    const made = await run(mock);
    const before = await mock.clock.now();
    expect((await mock.clock.advance(600)).getTime() - before.getTime()).toBe(600_000);
    // How it ends depends on the tenant, whose name is another one each time.
    expect(["pending", "running"]).not.toContain(await status(mock, made.id));
    await expect(mock.clock.set(before)).rejects.toThrow(MockServerError);
  });

  test("sees nothing of another", async () => {
    const one = server.tenant();
    const other = server.tenant();
    const made = await run(one);
    expect((await other.fetch(`${SUITE}/runs/${made.id}`)).status).toBe(404);
  });

  test("decides how a job goes", async () => {
    const mock = server.tenant();
    const made = await run(mock);
    await mock.scenario(made.id, { outcome: "failed", after: 5 });
    await mock.clock.advance(6);
    expect(await status(mock, made.id)).toBe("failed");
    await expect(mock.scenario("unknown", { hold: true })).rejects.toThrow(MockServerError);
  });

  test("lets things go wrong", async () => {
    const mock = server.tenant();
    await mock.faults.add({ operation: "listPersonas", status: 503, times: 1 });
    expect((await mock.fetch("/v1/personas")).status).toBe(503);
    expect((await mock.fetch("/v1/personas")).status).toBe(200);
  });

  test("keeps a journal", async () => {
    const mock = server.tenant();
    await mock.fetch("/v1/personas");
    await mock.journal.expectCalled("listPersonas", 1);
    await expect(mock.journal.expectCalled("createPersona")).rejects.toThrow(/\/v1\/personas -> 200/);
    expect((await mock.journal.list({ operation: "listPersonas" }))[0]?.status).toBe(200);
    await mock.journal.clear();
    expect(await mock.journal.list()).toEqual([]);
  });

  test("can be put back", async () => {
    const mock = server.tenant();
    const made = await run(mock);
    const snapshot = await mock.snapshot();
    await mock.reset();
    expect((await mock.fetch(`${SUITE}/runs/${made.id}`)).status).toBe(404);
    await mock.restore(snapshot);
    expect((await mock.fetch(`${SUITE}/runs/${made.id}`)).status).toBe(200);
  });

  test("refuses what the contract refuses", async () => {
    const mock = server.tenant();
    expect((await mock.fetch("/v1/personas", { json: { name: 7 } })).status).toBe(422);
    expect((await mock.journal.list())[0]?.violations.length).toBeGreaterThan(0);
  });
});

describe("a server", () => {
  test("is connected to by its address", async () => {
    const again = await MockServer.connect(`${server.url}/`);
    expect((await again.tenant().fetch("/v1/personas")).status).toBe(200);
    await again.stop();
    expect((await server.tenant().fetch("/v1/personas")).status).toBe(200);
  });

  test("says why it does not start", async () => {
    await expect(MockServer.start({ spec: "nowhere.yaml" })).rejects.toThrow(/nowhere\.yaml/);
    await expect(MockServer.start({ options: { nonsense: true } })).rejects.toThrow(/nonsense/);
    await expect(MockServer.start({ command: ["no-such-command"] })).rejects.toThrow(/pip install/);
    await expect(MockServer.connect("http://127.0.0.1:9")).rejects.toThrow(/does not answer/);
  });

  test("ends when it is told", async () => {
    const other = await MockServer.start();
    await other.stop();
    await other.stop();
    await expect(fetch(other.url)).rejects.toThrow();
  });
});

const withMock = mockTest({ seed: 3 });
withMock("vitest gives each test a tenant", async ({ mock }) => {
  expect((await mock.fetch("/v1/personas")).status).toBe(200);
});
