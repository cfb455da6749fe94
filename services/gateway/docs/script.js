
"use strict";
// Renders /openapi.json. Text goes into the page as text alone, never as markup.

const METHODS = ["get", "post", "put", "patch", "delete"];
const main = document.getElementById("main");
let api;

function el(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function resolve(value) {
  if (!value || !value.$ref) return value || {};
  const found = value.$ref.slice(2).split("/").reduce((at, key) => at && at[key], api) || {};
  const { $ref, ...beside } = value;
  return { ...found, ...beside };
}

function nameOf(value) {
  return value && value.$ref ? value.$ref.split("/").pop() : null;
}

// Paragraphs, and `code` within them.
function prose(text) {
  return (text || "").split(/\n\s*\n/).filter(Boolean).map((paragraph) => el("p", {}, ...inline(paragraph)));
}

function inline(text) {
  return text.split("`").map((piece, index) => (index % 2 ? el("code", {}, piece) : piece));
}

function json(value) {
  return el("pre", { tabindex: "0" }, el("code", {}, JSON.stringify(value, null, 2)));
}

// -- schemas ---------------------------------------------------------------------------------------------------------

function choices(schema) {
  return schema.anyOf || schema.oneOf || null;
}

function typeOf(schema) {
  const named = nameOf(schema);
  const plain = resolve(schema);
  if (choices(plain)) return choices(plain).map(typeOf).join(" or ");
  if (named && plain.type === "object") return named;
  if ("const" in plain) return JSON.stringify(plain.const);
  const kinds = [].concat(plain.type || "any");
  return kinds.map((kind) => (kind === "array" ? arrayType(plain) : bounded(kind, plain))).join(" or ");
}

function arrayType(schema) {
  const items = schema.items && Object.keys(schema.items).length ? " of " + typeOf(schema.items) : "";
  return "array" + items + range(schema.minItems, schema.maxItems, "items");
}

function bounded(kind, schema) {
  if (kind === "string") {
    const format = schema.format ? " · " + schema.format : "";
    return kind + format + range(schema.minLength, schema.maxLength, "characters");
  }
  if (kind === "integer" || kind === "number") return kind + range(schema.minimum, schema.maximum, "");
  return kind;
}

function range(least, largest, unit) {
  const most = largest >= Number.MAX_SAFE_INTEGER ? undefined : largest;
  if (least === undefined && most === undefined) return "";
  const text = least === undefined ? "up to " + most : most === undefined ? "from " + least : least + " to " + most;
  return ", " + (text + " " + unit).trim();
}

// The object a schema is about, through arrays and alternatives; null when there is none.
function objectIn(schema) {
  const plain = resolve(schema);
  if (plain.properties) return plain;
  if (plain.items) return objectIn(plain.items);
  for (const choice of choices(plain) || []) {
    const found = objectIn(choice);
    if (found) return found;
  }
  return null;
}

function valuesOf(schema) {
  const plain = resolve(schema);
  if (plain.enum) return plain.enum;
  for (const choice of choices(plain) || []) {
    const found = valuesOf(choice);
    if (found) return found;
  }
  return null;
}

// A type's name leads to its schema.
function typeView(schema) {
  const words = typeOf(schema).split(/(\w+)/).map((word) =>
    (Object.hasOwn(api.components.schemas, word) ? el("a", { href: "#schema-" + word }, word) : word));
  return el("span", { class: "type" }, ...words);
}

// What is in `shown` is not spelled out again; `marked`: which fields are required matters to the reader.
function fields(schema, marked, shown = new Set()) {
  const object = objectIn(schema);
  if (!object || shown.has(object.properties)) return null;
  shown.add(object.properties);
  const required = marked ? object.required || [] : [];
  const rows = Object.entries(object.properties).map(([name, property]) =>
    field(name, property, required.includes(name), marked, shown));
  return el("ul", { class: "fields" }, ...rows);
}

function field(name, schema, required, marked, shown) {
  const plain = resolve(schema);
  const row = el("li", {}, el("code", { class: "name" }, name), typeView(schema));
  if (required) row.append(el("span", { class: "must" }, "required"));
  const notes = [plain.description, "default" in plain && plain.default !== null ? "Default `" + plain.default + "`." : "",
    plain.pattern ? "Pattern `" + plain.pattern + "`." : ""].filter(Boolean).join(" ");
  row.append(...prose(notes));
  const values = valuesOf(schema);
  if (values) row.append(el("div", { class: "values" }, ...values.flatMap((value) => [el("code", {}, String(value)), " "])));
  const nested = fields(schema, marked, shown);
  if (nested) row.append(nested);
  return row;
}

function shape(schema, marked) {
  return fields(schema, marked) || el("p", { class: "limits" }, typeView(schema));
}

// -- operations ------------------------------------------------------------------------------------------------------

function access(operation) {
  const schemes = operation.security || [];
  if (!schemes.length) return "public";
  return schemes.some((scheme) => Object.values(scheme).flat().includes("admin")) ? "administrator" : "token";
}

function limitText(limits) {
  const every = (seconds) => (seconds === 1 ? "second" : seconds === 60 ? "minute" : seconds + " s");
  return limits.map((limit) => limit.requests.toLocaleString("en") + " a " + every(limit.interval_seconds) + " per " + limit.per.toLowerCase() +
    (limit.burst !== limit.requests ? ", " + limit.burst + " at once" : "")).join("; ");
}

function parameters(operation) {
  const found = (operation.parameters || []).map(resolve);
  if (!found.length) return [];
  const rows = found.map((parameter) => {
    const row = field(parameter.name, { ...resolve(parameter.schema), description: parameter.description }, parameter.required, true, new Set());
    row.firstChild.after(el("span", { class: "type" }, parameter.in));
    return row;
  });
  return [el("h3", {}, "Parameters"), el("ul", { class: "fields" }, ...rows)];
}

function content(body, marked) {
  return Object.entries(body.content || {}).flatMap(([kind, media]) => {
    const shown = [shape(media.schema, marked)];
    if (kind !== "application/json") shown.unshift(el("p", { class: "limits" }, kind));
    if (media.example !== undefined)
      shown.push(el("details", { class: "example" }, el("summary", {}, "Example"), json(media.example)));
    return shown;
  });
}

function requestBody(operation) {
  if (!operation.requestBody) return [];
  const optional = operation.requestBody.required ? "" : " (may be left out)";
  return [el("h3", {}, "Body" + optional), ...content(resolve(operation.requestBody), true)];
}

function headersOf(response) {
  const names = Object.keys(response.headers || {}).filter((name) => name !== "x-trace-id");
  return names.length ? el("p", { class: "limits" }, "Headers: ", ...inline(names.map((n) => "`" + n + "`").join(", "))) : null;
}

function answers(operation) {
  const found = Object.entries(operation.responses).map(([status, response]) => [status, resolve(response)]);
  const good = found.filter(([status]) => status < "4").flatMap(([status, response]) => [
    el("h3", {}, el("span", { class: "status get" }, status), " ", ...inline(response.description)),
    headersOf(response), ...content(response, false)]);
  const rows = found.filter(([status]) => status >= "4").map(([status, response]) =>
    el("tr", {}, el("td", {}, el("span", { class: "status" }, status === "default" ? "other" : status)), el("td", {}, ...inline(response.description))));
  return [...good, el("h3", {}, "Errors"), el("table", { class: "answers" }, el("tbody", {}, ...rows)),
    el("p", { class: "limits" }, "All are problem details: see ", el("a", { href: "#schema-Problem" }, "Problem"), ".")].filter(Boolean);
}

function curl(method, path, operation) {
  const lines = ["curl -sS" + (method === "get" ? "" : " -X " + method.toUpperCase()) + " '" + location.origin + path + "'"];
  if (access(operation) !== "public") lines.push("-H \"Authorization: Bearer $TOKEN\"");
  for (const parameter of (operation.parameters || []).map(resolve))
    if (parameter.in === "header" && parameter.required) lines.push("-H '" + parameter.name + ": " + (parameter.example || "…") + "'");
  const media = operation.requestBody && operation.requestBody.content["application/json"];
  if (media && media.example !== undefined) {
    lines.push("-H 'Content-Type: application/json'");
    lines.push("-d '" + JSON.stringify(media.example).replaceAll("'", "'\\''") + "'");
  }
  const text = lines.join(" \\\n  ");
  const button = el("button", { type: "button" }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  });
  return [el("h3", {}, "Try it"), el("div", { class: "copied" }, el("pre", { tabindex: "0" }, el("code", {}, text)), navigator.clipboard ? button : null)];
}

function card(id, summary, inside) {
  const shown = el("details", { class: "card", id }, el("summary", {}, ...summary));
  shown.addEventListener("toggle", () => {
    if (shown.open && shown.childElementCount === 1) shown.append(el("div", { class: "inside" }, ...inside()));
  });
  return shown;
}

function operationCard(method, path, operation) {
  const made = card(operation.operationId, [
    el("span", { class: "method " + method }, method.toUpperCase()), el("span", { class: "path" }, path),
    el("span", { class: "what" }, operation.summary), el("span", { class: "badge" }, access(operation)),
  ], () => [
    ...prose(operation.description),
    operation["x-rate-limits"] ? el("p", { class: "limits" }, "Limit: " + limitText(operation["x-rate-limits"]) + ".") : null,
    ...parameters(operation), ...requestBody(operation), ...answers(operation), ...curl(method, path, operation),
  ]);
  made.text = [method, path, operation.summary, operation.description, operation.operationId, JSON.stringify(operation.requestBody || "")]
    .join(" ").toLowerCase();
  return made;
}

// -- the page --------------------------------------------------------------------------------------------------------

function group(title, description, cards, links) {
  main.append(el("section", { "aria-label": title }, el("h2", {}, title), ...prose(description), ...cards));
  document.getElementById("nav").append(el("div", {}, el("h2", {}, title), el("ul", {}, ...links)));
}

function link(id, ...children) {
  return el("li", { "data-for": id }, el("a", { href: "#" + id }, ...children));
}

function render() {
  const info = api.info;
  main.replaceChildren(el("h1", {}, info.title + " API"),
    el("p", { class: "lead" }, "Version " + info.version + " · OpenAPI " + api.openapi + " · ", el("a", { href: "/openapi.json" }, "/openapi.json")),
    ...prose(info.description));
  if (api["x-rate-limits"]) main.append(el("p", {}, "Limits for all calls together: " + limitText(api["x-rate-limits"]) + ". A call may have one of its own."));
  const open = el("button", { type: "button" }, "Open all"), close = el("button", { type: "button" }, "Close all");
  open.addEventListener("click", () => each((one) => { one.open = !one.hidden; }));
  close.addEventListener("click", () => each((one) => { one.open = false; }));
  main.append(el("div", { class: "bar" }, open, close));
  const all = Object.entries(api.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => [method, path, item[method]]));
  const described = Object.fromEntries((api.tags || []).map((tag) => [tag.name, tag.description]));
  const tags = new Set([...Object.keys(described), ...all.flatMap(([, , operation]) => operation.tags || ["other"])]);
  for (const tag of tags) {
    const mine = all.filter(([, , operation]) => (operation.tags || ["other"]).includes(tag));
    group(tag, described[tag], mine.map((one) => operationCard(...one)), mine.map(([method, , operation]) =>
      link(operation.operationId, el("span", { class: "method " + method }, method.toUpperCase()), operation.summary)));
  }
  const schemas = Object.entries((api.components || {}).schemas || {}).sort(([a], [b]) => a.localeCompare(b));
  group("schemas", "What bodies are made of.", schemas.map(([name, schema]) => {
    const made = card("schema-" + name, [el("span", { class: "path" }, name)], () => [...prose(schema.description), shape(schema, true)]);
    made.text = (name + " " + JSON.stringify(schema)).toLowerCase();
    return made;
  }), schemas.map(([name]) => link("schema-" + name, name)));
}

function each(act) {
  for (const one of document.querySelectorAll(".card")) act(one);
}

function search() {
  const words = document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  let hits = 0;
  each((one) => {
    one.hidden = !words.every((word) => one.text.includes(word));
    hits += one.hidden ? 0 : 1;
    document.querySelector("[data-for=\"" + CSS.escape(one.id) + "\"]").hidden = one.hidden;
  });
  for (const section of document.querySelectorAll("section, nav > div"))
    section.hidden = !section.querySelector(".card:not([hidden]), li:not([hidden])");
  document.getElementById("hits").textContent = words.length ? hits + (hits === 1 ? " hit" : " hits") : "";
}

function show() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.matches(".card")) return;
  target.hidden = false;
  target.open = true;
  target.scrollIntoView();
  target.firstChild.focus({ preventScroll: true });
}

function theme() {
  const root = document.documentElement, button = document.getElementById("theme");
  const dark = () => (root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const label = () => { button.textContent = dark() ? "Light" : "Dark"; };
  try { root.dataset.theme = localStorage.getItem("theme") || ""; } catch { /* storage is forbidden: the system's theme */ }
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* holds for this page alone */ }
    label();
  });
  label();
}

document.addEventListener("keydown", (event) => {
  const field = document.getElementById("search");
  if (event.key === "/" && document.activeElement !== field && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    field.focus();
  } else if (event.key === "Escape" && document.activeElement === field) {
    field.value = "";
    search();
  }
});
document.getElementById("search").addEventListener("input", () => { if (api) search(); });
addEventListener("hashchange", show);
theme();
fetch("/openapi.json").then((response) => {
  if (!response.ok) throw new Error("status " + response.status);
  return response.json();
}).then((found) => {
  api = found;
  render();
  search();
  show();
}).catch((error) => {
  document.getElementById("state")?.replaceChildren("The description cannot be read (" + error.message + "): reload this page in a moment.");
});
