// Draws the document that the page names, and fetches a token of Graph for requests that are tried out.
"use strict";

const place = document.getElementById("document");
const dark = matchMedia("(prefers-color-scheme: dark)");
const followScheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
followScheme();
dark.addEventListener("change", followScheme);

const ui = SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  onComplete: () => {
    document.getElementById("servers")?.setAttribute("aria-label", "Server");
    place.dataset.ready = "true";
  },
});

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
      const token = await answered(await fetch(`/${tenant.id}/oauth2/v2.0/token`, { method: "POST", body }));
      ui.preauthorizeApiKey("bearer", token.access_token);
      say(`The requests on this page carry a token of ${tenant.name} now. It is valid for ${Math.round(token.expires_in / 60)} minutes.`);
    } catch (error) {
      say(`There is no token: ${error.message}`);
    }
  });
}
