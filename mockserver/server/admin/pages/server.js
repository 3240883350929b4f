// Talking to the admin API. All paths are relative to the page, wherever it is mounted.

const TOKEN = "mockserver-control-token";

export class Refused extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

export const keepToken = (token) => sessionStorage.setItem(TOKEN, token);

function address(path, query) {
  const url = new URL(path, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null) url.searchParams.set(name, value);
  }
  return url;
}

/** Raises Refused with the server's own words, TypeError if it can't be reached. */
export async function ask(method, path, query = {}, body = undefined) {
  const headers = {};
  const token = sessionStorage.getItem(TOKEN);
  if (token) headers["x-mock-token"] = token;
  if (body !== undefined) headers["content-type"] = "application/json";
  const reply = await fetch(address(path, query), {
    method,
    headers,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const found = await reply.json();
  if (!reply.ok) throw new Refused(reply.status, found.error ?? `${reply.status}`);
  return found;
}

export const get = (path, query) => ask("GET", path, query);
