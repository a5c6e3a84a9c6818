// Draws the document of the page's other script. Nothing can be tried out here: no server is behind these pages.
"use strict";

SwaggerUIBundle({
  spec: DOCUMENT,
  dom_id: "#document",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  docExpansion: "none",
  filter: true,
  supportedSubmitMethods: [],
  validatorUrl: null,
});
