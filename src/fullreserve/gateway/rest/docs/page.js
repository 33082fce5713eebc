// Draws /openapi.json, and sends requests that a reader fills in, signed where they must be.
"use strict";

const byId = (id) => document.getElementById(id);

const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

async function signature(secret, text) {
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const raw = encoder.encode(secret);
  const key = await crypto.subtle.importKey("raw", raw, algorithm, false, ["sign"]);
  return base64(await crypto.subtle.sign("HMAC", key, encoder.encode(text)));
}

async function signedHeaders(method, target, body) {
  const timestamp = new Date().toISOString();
  return {
    "OK-ACCESS-KEY": byId("key").value,
    "OK-ACCESS-SIGN": await signature(byId("secret").value, timestamp + method + target + body),
    "OK-ACCESS-TIMESTAMP": timestamp,
    "OK-ACCESS-PASSPHRASE": byId("passphrase").value,
  };
}

function labelled(text, control, hint) {
  const label = document.createElement("label");
  label.append(text, " ", control);
  if (hint) {
    const small = document.createElement("small");
    small.className = "hint";
    small.textContent = ` ${hint}`;
    label.append(small);
  }
  return label;
}

function queryField(parameter) {
  const words = parameter.schema.enum;
  const control = document.createElement(words ? "select" : "input");
  if (words) {
    control.append(...["", ...words].map((word) => new Option(word, word)));
  }
  control.name = parameter.name;
  control.required = parameter.required;
  return labelled(parameter.name, control, parameter.description);
}

function resolved(schema, api) {
  return schema.$ref ? api.components.schemas[schema.$ref.split("/").pop()] : schema;
}

function example(schema, api) {
  const shape = resolved(schema, api);
  if (shape.type === "array") {
    return [example(shape.items, api)];
  }
  if (!shape.properties) {
    const blanks = { boolean: false, integer: 0, string: "" };
    return shape.enum ? shape.enum[0] : blanks[shape.type] ?? {};
  }
  const wanted = shape.required || Object.keys(shape.properties);
  return Object.fromEntries(wanted.map((name) => [name, example(shape.properties[name], api)]));
}

function bodyField(operation, api) {
  const control = document.createElement("textarea");
  const schema = operation.requestBody.content["application/json"].schema;
  control.name = "body";
  control.value = JSON.stringify(example(schema, api), null, 2);
  const shape = resolved(schema, api);
  const fields = resolved(shape.items || shape, api).properties || {};
  return labelled("Body", control, `Fields: ${Object.keys(fields).join(", ")}`);
}

async function send(method, path, operation, form, answer) {
  const filled = [...new FormData(form)].filter(([name, value]) => value && name !== "body");
  const query = new URLSearchParams(filled).toString();
  const target = query ? `${path}?${query}` : path;
  const body = method === "POST" ? form.elements.body.value : "";
  const headers = method === "POST" ? { "Content-Type": "application/json" } : {};
  if (operation.security) {
    Object.assign(headers, await signedHeaders(method, target, body));
  }
  const reply = await fetch(target, { method, headers, body: body || undefined });
  const text = await reply.text();
  answer.hidden = false;
  const shown = JSON.stringify(JSON.parse(text), null, 2);
  answer.textContent = `${method} ${target}\n${reply.status}\n\n${shown}`;
}

function endpoint(method, path, operation, api) {
  const node = byId("endpoint").content.cloneNode(true).firstElementChild;
  const part = (name) => node.querySelector(name);
  part(".method").textContent = method;
  part(".path").textContent = path;
  part(".says").textContent = operation.summary;
  part(".more").textContent = operation.description;
  const key = operation.security ? "Needs an API key. " : "";
  const limit = operation["x-rate-limit"];
  part(".limit").textContent = key + (limit ? `Limit: ${limit}.` : "");
  node.dataset.words = `${path} ${operation.summary}`.toLowerCase();
  // Forms are made when they are first opened: there are hundreds.
  node.addEventListener("toggle", () => {
    const fields = (operation.parameters || []).map(queryField);
    part(".fields").replaceChildren(
      ...(method === "POST" ? [bodyField(operation, api)] : fields),
    );
  }, { once: true });
  part("form").addEventListener("submit", (event) => {
    event.preventDefault();
    const answer = part(".answer");
    send(method, path, operation, event.target, answer).catch((problem) => {
      answer.hidden = false;
      answer.textContent = String(problem);
    });
  });
  return node;
}

function draw(api) {
  byId("about").textContent = api.info.description;
  const groups = new Map();
  for (const [path, operations] of Object.entries(api.paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags[0];
      groups.set(tag, groups.get(tag) || []);
      groups.get(tag).push(endpoint(method.toUpperCase(), path, operation, api));
    }
  }
  const last = (tag) => (tag === "not offered" ? 1 : 0);
  const sections = [...groups].sort((a, b) => last(a[0]) - last(b[0])).map(([tag, nodes]) => {
    const section = document.createElement("section");
    const title = document.createElement("h2");
    title.textContent = tag;
    section.append(title, ...nodes);
    return section;
  });
  byId("groups").replaceChildren(...sections);
}

function find(text) {
  const wanted = text.toLowerCase();
  for (const section of byId("groups").children) {
    const nodes = [...section.querySelectorAll(".endpoint")];
    for (const node of nodes) {
      node.hidden = !node.dataset.words.includes(wanted);
    }
    section.hidden = nodes.every((node) => node.hidden);
  }
}

byId("find").addEventListener("input", (event) => find(event.target.value));
fetch("/openapi.json")
  .then((reply) => reply.json())
  .then(draw)
  .catch((problem) => {
    byId("groups").textContent = `The description cannot be read: ${problem}`;
  });
