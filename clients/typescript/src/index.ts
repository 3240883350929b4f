/** A stateful mock of an OpenAPI document, for tests in JavaScript and TypeScript. */

import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** What the admin API, or starting a mock, refused, in its words. */
export class MockServerError extends Error {
  override name = "MockServerError";
}

export interface StartOptions {
  /** A path or URL of a document, or feather, speechify, truestate. Default: feather. */
  spec?: string;
  /** The same seed makes the same data. Default: 0. */
  seed?: number;
  /** `manual` (the default): time moves by `clock` alone. */
  clock?: "manual" | "real";
  /** Any other option of `mockserver serve`: `{ "any-key": true, "max-body": "1M" }`. */
  options?: Record<string, string | number | boolean | readonly string[]>;
  /** The command. Default: MOCKSERVER_COMMAND, else `mockserver`. */
  command?: readonly string[];
  /** Milliseconds to wait for the start. Default: 60,000. */
  timeout?: number;
}

export interface ConnectOptions {
  /** The `--control-token` of the mock, if it has one. */
  token?: string;
}

/** A mock that runs: started by this process, or connected to. */
export class MockServer implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly process: ChildProcess | undefined,
    private readonly token: string | undefined,
  ) {}

  /** Start `mockserver serve`. Throws MockServerError with what it says if it does not start. */
  static async start(options: StartOptions = {}): Promise<MockServer> {
    const [program, ...first] = options.command ?? defaultCommand();
    if (program === undefined) throw new MockServerError("command is empty");
    const words = [...first, "serve", options.spec ?? "feather", "--port", "0"];
    words.push("--seed", String(options.seed ?? 0), "--clock", options.clock ?? "manual");
    words.push(...flags(options.options ?? {}));
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    const url = await listening(child, program, options.timeout ?? 60_000);
    return new MockServer(url, child, undefined);
  }

  /** Use a mock that runs already. Throws MockServerError if there is none. */
  static async connect(url: string, options: ConnectOptions = {}): Promise<MockServer> {
    const server = new MockServer(url.replace(/\/+$/, ""), undefined, options.token);
    await server.admin("GET", "health");
    return server;
  }

  /** A tenant with data, a clock and a journal of its own: one for each test. */
  tenant(key: string = `mock-${randomUUID()}`): Tenant {
    return new Tenant(this, key);
  }

  /** A request to the admin API, whose answer is JSON. */
  async admin(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    query: Record<string, string | number | undefined> = {},
    body?: unknown,
  ): Promise<any> {
    const target = new URL(`${this.url}/__mock__/${path}`);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) target.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = {};
    if (this.token !== undefined) headers["x-mock-token"] = this.token;
    const init: RequestInit = { method, headers };
    if (body !== undefined) init.body = JSON.stringify(body);
    let answer: Response;
    try {
      answer = await fetch(target, init);
    } catch (error) {
      throw new MockServerError(`the mock at ${this.url} does not answer`, { cause: error });
    }
    const said: any = await answer.json().catch(() => undefined);
    if (!answer.ok) throw new MockServerError(said?.error ?? `${method} ${path}: ${answer.status}`);
    return said;
  }

  /** End a mock that was started here; one that was connected to goes on. */
  async stop(): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(late);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

export interface Credential {
  headers: Record<string, string>;
  query: Record<string, string>;
}

/** One tenant: whatever it does, no other sees it. */
export class Tenant implements AsyncDisposable {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly faults: Faults;
  readonly stubs: Stubs;
  private known: Promise<Credential> | undefined;

  constructor(
    readonly server: MockServer,
    readonly key: string,
  ) {
    this.clock = new Clock(this);
    this.journal = new Journal(this);
    this.faults = new Faults(this);
    this.stubs = new Stubs(this);
  }

  /** The base URL for the client under test. */
  get url(): string {
    return this.server.url;
  }

  /** What carries this tenant's credential, by the security schemes of the document. */
  async credential(): Promise<Credential> {
    this.known ??= this.admin("GET", "credential");
    return this.known;
  }

  /** `fetch` of a path, as this tenant. An object as `json` becomes the body. */
  async fetch(path: string, init: RequestInit & { json?: unknown } = {}): Promise<Response> {
    const { json, ...rest } = init;
    const credential = await this.credential();
    const target = new URL(this.url + path);
    for (const [name, value] of Object.entries(credential.query)) {
      target.searchParams.set(name, value);
    }
    const headers = new Headers(rest.headers);
    for (const [name, value] of Object.entries(credential.headers)) headers.set(name, value);
    const sent: RequestInit = { ...rest, headers };
    if (json !== undefined) {
      headers.set("content-type", "application/json");
      sent.body = JSON.stringify(json);
      sent.method ??= "POST";
    }
    return fetch(target, sent);
  }

  /** Answer an operation with a fixed response. */
  async stub(operation: string, response: StubResponse): Promise<void> {
    await this.stubs.add({ operation, ...response });
  }

  /** Decide what becomes of an open job: how it ends, after how many seconds, or that it waits. */
  async scenario(job: string, order: Scenario): Promise<any> {
    return this.admin("POST", `jobs/${encodeURIComponent(job)}`, {}, order);
  }

  /** The jobs of this tenant, newest first, with what lies ahead of them. */
  async jobs(limit?: number): Promise<any> {
    return this.admin("GET", "jobs", { limit });
  }

  /** All that this tenant holds, its clock included, to be given to `restore`. */
  async snapshot(): Promise<Json> {
    return this.admin("GET", "state");
  }

  async restore(snapshot: Json): Promise<void> {
    await this.admin("PUT", "state", {}, snapshot);
  }

  /** Back to the data that the mock begins with. */
  async reset(): Promise<void> {
    await this.admin("POST", "reset");
  }

  /** A request to the admin API that concerns this tenant alone. */
  async admin(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    query: Record<string, string | number | undefined> = {},
    body?: unknown,
  ): Promise<any> {
    return this.server.admin(method, path, { ...query, tenant: this.key }, body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.faults.clear();
    await this.reset();
  }
}

/** How a job is to go: an outcome by name, a schedule in seconds from now, or that it stays open. */
export type Scenario =
  | { outcome: string; after?: number }
  | { schedule: readonly (readonly [state: string, seconds: number])[] }
  | { hold: true };

export interface StubResponse {
  status?: number;
  json?: unknown;
  headers?: Record<string, string>;
  /** How many times it answers; always, if left out. */
  times?: number;
  /** Seconds. */
  delay?: number;
  /** Which requests, by what of them must be so. */
  when?: Record<string, unknown>;
  /** It may break the contract. */
  invalid?: boolean;
}

/** A tenant's clock, in its own time. */
export class Clock {
  constructor(private readonly tenant: Tenant) {}

  async now(): Promise<Date> {
    return new Date((await this.tenant.admin("GET", "clock")).now);
  }

  /** Let so many seconds pass at once. */
  async advance(seconds: number): Promise<Date> {
    return this.order({ advance: seconds });
  }

  /** Go on to an instant. */
  async set(to: Date | string): Promise<Date> {
    return this.order({ set: typeof to === "string" ? to : to.toISOString() });
  }

  /** Run so many times as fast as real time; 0 stops it. */
  async speed(times: number): Promise<Date> {
    return this.order({ speed: times });
  }

  private async order(order: Record<string, unknown>): Promise<Date> {
    return new Date((await this.tenant.admin("POST", "clock", {}, order)).now);
  }
}

export interface Exchange {
  number: number;
  time: string;
  operation: string | null;
  method: string;
  target: string;
  status: number | null;
  violations: { where: (string | number)[]; rule: string; message: string }[];
  problem: string | null;
}

/** What a tenant asked, and what it was answered. */
export class Journal {
  constructor(private readonly tenant: Tenant) {}

  /** Newest first. */
  async list(filter: { operation?: string; limit?: number } = {}): Promise<Exchange[]> {
    const found = await this.tenant.admin("GET", "journal", { limit: 1000, ...filter });
    return found.exchanges;
  }

  /** Throws MockServerError with the calls that were made, unless there were so many of this one. */
  async expectCalled(operation: string, times?: number): Promise<void> {
    const calls = await this.list();
    const count = calls.filter((call) => call.operation === operation).length;
    if (times === undefined ? count > 0 : count === times) return;
    const made = calls.map((call) => `  ${call.method} ${call.target} -> ${call.status}`);
    const wanted = times === undefined ? "at least once" : `${times} times`;
    throw new MockServerError(
      `${operation} was called ${count} times, expected ${wanted}.\n` +
        (made.length > 0 ? `The calls made, newest first:\n${made.join("\n")}` : "No calls were made."),
    );
  }

  async clear(): Promise<void> {
    await this.tenant.admin("DELETE", "journal");
  }
}

/** What goes wrong on purpose: docs/faults.md lists the fields. */
export class Faults {
  constructor(private readonly tenant: Tenant) {}

  async add(fault: Record<string, unknown>): Promise<void> {
    await this.tenant.admin("POST", "faults", {}, fault);
  }

  async list(): Promise<any> {
    return this.tenant.admin("GET", "faults");
  }

  async clear(): Promise<void> {
    await this.tenant.admin("DELETE", "faults");
  }
}

/** Fixed responses, in place of what the mock would say. */
export class Stubs {
  constructor(private readonly tenant: Tenant) {}

  async add(stub: { operation: string } & StubResponse): Promise<void> {
    await this.tenant.admin("POST", "stubs", {}, stub);
  }

  async clear(): Promise<void> {
    await this.tenant.admin("DELETE", "stubs");
  }
}

function defaultCommand(): string[] {
  const given = process.env["MOCKSERVER_COMMAND"];
  return given ? given.split(" ") : ["mockserver"];
}

function flags(options: NonNullable<StartOptions["options"]>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`).replace(/_/g, "-")}`;
    if (value === true) return [flag];
    if (value === false) return [];
    if (Array.isArray(value)) return value.flatMap((one: string) => [flag, one]);
    return [flag, String(value)];
  });
}

async function listening(child: ChildProcess, program: string, timeout: number): Promise<string> {
  const said: string[] = [];
  const end = () => child.kill();
  process.once("exit", end); // a test run that breaks off leaves no server behind
  child.once("exit", () => process.off("exit", end));
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill("SIGKILL");
      reject(new MockServerError(`${program} did not start within ${timeout} ms`));
    }, timeout);
    const fail = (text: string) => {
      clearTimeout(late);
      reject(new MockServerError(text));
    };
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        if (said.length < 100) said.push(line);
        const url = / listens on (http\S+)/.exec(line)?.[1];
        if (url !== undefined) {
          clearTimeout(late);
          resolve(url);
        }
      });
    }
    child.once("error", (error) =>
      fail(`${program} can't be run (${error.message}): pip install mockserver, or set MOCKSERVER_COMMAND`),
    );
    child.once("close", () => fail(said.join("\n") || `${program} ended before it listened`));
  });
}
