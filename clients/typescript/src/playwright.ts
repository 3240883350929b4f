/** For Playwright: a mock for each worker, a tenant of its own for each test. */

import { test as base } from "@playwright/test";
import { MockServer, type StartOptions, type Tenant } from "./index.js";

/** A `test` with the fixture `mock`, a tenant; requests of the page carry its credential. */
export function mockTest(options: StartOptions = {}) {
  return base.extend<{ mock: Tenant }, { mockServer: MockServer }>({
    mockServer: [
      async ({}, use) => {
        const server = await MockServer.start({
          ...options,
          options: { cors: "*", ...options.options },
        });
        await use(server);
        await server.stop();
      },
      { scope: "worker" },
    ],
    mock: async ({ mockServer, context }, use) => {
      const tenant = mockServer.tenant();
      const { headers } = await tenant.credential();
      await context.route(`${mockServer.url}/**`, (route) =>
        route.continue({ headers: { ...route.request().headers(), ...headers } }),
      );
      await use(tenant);
      await tenant[Symbol.asyncDispose]();
    },
  });
}
