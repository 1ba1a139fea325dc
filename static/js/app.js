// Starts Stimulus with the controllers the import map lists, then the shared answers to htmx.
import { Application } from "stimulus";
import { start } from "events";

const map = JSON.parse(document.querySelector('script[type="importmap"]').textContent).imports;
const names = Object.keys(map).filter((name) => name.startsWith("controllers/"));

const application = Application.start();
application.debug = false;
start();

// `data-ready` says that everything on the page answers: scripts that steer a page wait for it.
Promise.all(
  names.map((name) =>
    import(name).then((module) => {
      application.register(name.replace("controllers/", "").replaceAll("_", "-"), module.default);
    }),
  ),
).then(() => (document.documentElement.dataset.ready = ""));
