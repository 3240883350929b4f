/** `test` with a tenant of its own for each test, and one mock for all tests of a file. */

import { afterAll, test as base, type TestAPI } from "vitest";
import { MockServer, type StartOptions, type Tenant } from "./index.js";

/**
 * A `test` whose context has `mock`, a tenant. The server starts with the first test that uses it and
 * stops after the last one of the file. Call it at the top of a file or in a `describe`.
 */
export function mockTest(options: StartOptions = {}): TestAPI<{ mock: Tenant }> {
  let starting: Promise<MockServer> | undefined;
  afterAll(async () => (await starting)?.stop());
  return base.extend<{ mock: Tenant }>({
    mock: async ({}, use) => {
      starting ??= MockServer.start(options);
      const tenant = (await starting).tenant();
      try {
        await use(tenant);
      } finally {
        await tenant[Symbol.asyncDispose]();
      }
    },
  });
}
