// Draws the document that the page names, and fetches a token of Graph for requests that are tried out.
"use strict";

const place = document.getElementById("document");
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followScheme();
dark.addEventListener("change", followScheme);

let ui = null, token = null;

/** The part of a document that has these paths, with the schemas that they name. */
function part(whole, isWanted) {
  const paths = {};
  for (const [path, operations] of Object.entries(whole.paths)) {
    const wanted = Object.entries(operations).filter(([, each]) => !each.tags || isWanted(each.tags));
    if (wanted.length) paths[path] = Object.fromEntries(wanted);
  }
  const known = whole.components?.schemas ?? {}, schemas = {}, waiting = [paths, whole.components?.responses, whole.components?.parameters];
  while (waiting.length) {
    for (const [, name] of JSON.stringify(waiting.pop() ?? {}).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (!(name in schemas) && known[name]) waiting.push(schemas[name] = known[name]);
    }
  }
  return { ...whole, paths, components: { ...whole.components, schemas } };
}

/** Draws a document, or a part of it, in place of what was drawn before. */
function draw(spec) {
  delete place.dataset.ready;
  const here = document.createElement("div");
  place.replaceChildren(here);
  ui = SwaggerUIBundle({
    spec,
    domNode: here,
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    defaultModelsExpandDepth: -1,
    displayRequestDuration: true,
    tryItOutEnabled: true,
    validatorUrl: null,
    onComplete: function drawn() { // the choice of servers comes a moment later
      const servers = document.getElementById("servers");
      if (!servers) { setTimeout(drawn); return; }
      servers.setAttribute("aria-label", "Server");
      if (token) ui.preauthorizeApiKey("bearer", token);
      place.dataset.ready = "true";
    },
  });
}

/** A large document is drawn part by part: the browser works for seconds on all of it. */
async function begin() {
  const answer = await fetch(place.dataset.document);
  const whole = await answer.json();
  const tags = [...new Set(Object.values(whole.paths).flatMap(Object.values).flatMap((each) => each.tags ?? []))].sort();
  const choice = document.getElementById("part");
  if (tags.length < 2) { draw(whole); return; }
  for (const tag of tags) choice.add(new Option(tag, tag));
  const named = decodeURIComponent(location.hash.split("/")[1] ?? "");
  if (tags.includes(named)) choice.value = named;
  choice.addEventListener("change", () => draw(part(whole, (those) => those.includes(choice.value))));
  choice.closest("p").hidden = false;
  draw(part(whole, (those) => those.includes(choice.value)));
}
begin().catch((error) => { place.textContent = `The document cannot be read: ${error.message}`; });


const form = document.getElementById("token");
if (form) {
  const tenants = new Map();
  const say = (text) => { form.querySelector("output").textContent = text; };

  const answered = async (answer) => {
    const content = await answer.json();
    if (!answer.ok) throw new Error(content.error_description || content.error.message);
    return content;
  };

  fetch("/_fauxtune/v1/tenants").then(answered).then(({ value }) => {
    for (const tenant of value) {
      tenants.set(tenant.id, tenant);
      form.elements.tenant.add(new Option(tenant.name, tenant.id));
    }
    if (!value.length) say("There is no tenant yet: POST /_fauxtune/v1/tenants makes one.");
  }).catch((error) => say(`The tenants cannot be listed: ${error.message} A token can be entered under Authorize.`));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const tenant = tenants.get(form.elements.tenant.value);
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: tenant.clientId,
      client_secret: tenant.clientSecret,
      scope: "https://graph.microsoft.com/.default",
    });
    try {
      const given = await answered(await fetch(`/${tenant.id}/oauth2/v2.0/token`, { method: "POST", body }));
      token = given.access_token;
      ui?.preauthorizeApiKey("bearer", token);
      say(`The requests on this page carry a token of ${tenant.name} now. It is valid for ${Math.round(given.expires_in / 60)} minutes.`);
    } catch (error) {
      say(`There is no token: ${error.message}`);
    }
  });
}
