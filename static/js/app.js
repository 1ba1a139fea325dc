// Starts Stimulus with the controllers the import map lists, then the shared answers to htmx.
import { Application } from "stimulus";
import { start } from "events";

const map = JSON.parse(document.querySelector('script[type="importmap"]').textContent).imports;
const names = Object.keys(map).filter((name) => name.startsWith("controllers/"));

const application = Application.start();
application.debug = false;
start();

for (const name of names) {
  import(name).then((module) => {
    application.register(name.replace("controllers/", "").replaceAll("_", "-"), module.default);
  });
}
