// Swagger UI over the true document. Only its servers are replaced: what is tried out comes here.

import { get } from "./server.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

/** Below this mock's own address, where the document's first server says that its paths begin. */
function here(spec) {
  const root = new URL("..", document.baseURI).pathname.replace(/\/$/, "");
  let base = spec.servers?.[0]?.url ?? "";
  const variables = spec.servers?.[0]?.variables ?? {};
  base = base.replace(/\{(\w+)\}/g, (all, name) => variables[name]?.default ?? all);
  const path = new URL(base || "/", "http://server/").pathname.replace(/\/$/, "");
  return root + path || "/";
}

const spec = await get("document");
const key = "mock-key";
spec.servers = [{ url: here(spec), description: "this mock" }];
const ui = SwaggerUIBundle({
  spec,
  domNode: document.getElementById("reference"),
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
  filter: true,
  validatorUrl: null,
  onComplete() {
    for (const [name, scheme] of Object.entries(spec.components?.securitySchemes ?? {})) {
      if (scheme.type === "apiKey" || scheme.type === "http") ui.preauthorizeApiKey(name, key);
    }
  },
});
document.getElementById("note").textContent = `What you try out here goes to this mock, as ${key}.`;
