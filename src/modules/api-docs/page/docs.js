const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followScheme);
followScheme();

/** Moves the description, which has the long table of errors, below the operations. */
function moveDescription() {
  const about = document.querySelector('#about');
  about.append(...document.querySelectorAll('.information-container .description .renderedMarkdown'));
  about.hidden = false;
}

SwaggerUIBundle({
  dom_id: '#swagger-ui',
  url: new URL('../openapi.json', document.currentScript.src).href,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  // By default the description would be sent to a validator on another host.
  validatorUrl: null,
  onComplete: moveDescription,
});
