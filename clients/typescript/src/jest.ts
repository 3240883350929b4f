/** For jest: one mock for a file, a tenant of its own for each test. */

import { MockServer, type StartOptions, type Tenant } from "./index.js";

type Hook = (work: () => Promise<void>, timeout?: number) => void;
declare const beforeAll: Hook;
declare const afterAll: Hook;
declare const beforeEach: Hook;
declare const afterEach: Hook;

/** Call it at the top of a file or in a `describe`; inside a test it gives the test's tenant. */
export function useMock(options: StartOptions = {}): () => Tenant {
  let server: MockServer | undefined;
  let tenant: Tenant | undefined;
  beforeAll(async () => {
    server = await MockServer.start(options);
  }, options.timeout ?? 60_000);
  beforeEach(async () => {
    tenant = server?.tenant();
  });
  afterEach(async () => {
    await tenant?.[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await server?.stop();
  });
  return () => {
    if (tenant === undefined) throw new Error("useMock() gives a tenant inside of a test only");
    return tenant;
  };
}
