// Every event name that crosses a boundary stands here, so that a new htmx is one commit.
export const HTMX = {
  afterSwap: "htmx:afterSwap",
  beforeSwap: "htmx:beforeSwap",
  afterRequest: "htmx:afterRequest",
  configRequest: "htmx:configRequest",
  responseError: "htmx:responseError",
  sendError: "htmx:sendError",
  timeout: "htmx:timeout",
  progress: "htmx:xhr:progress",
  load: "htmx:load",
};
export const CHANGED = "changed"; // a live reference was changed by somebody
export const AUTOSAVE = "autosave"; // a form wants to be saved as it stands
export const TOAST = "collab:toast"; // detail: { text, tone }
export const OPENED = "collab:opened"; // a dialogue or sheet was opened
export const MOVED = "collab:moved"; // a chip was moved; detail: { id, date }

export function trigger(element, name, detail) {
  window.htmx.trigger(element, name, detail);
}

export function say(text, tone = "") {
  document.dispatchEvent(new CustomEvent(TOAST, { detail: { text, tone } }));
}

// Answers that are no success: a form comes back with its errors (422), everything else becomes a toast
// in the server's words when it sent some (HX-Trigger: collab:toast, or data-toast-text in its page), else in ours from <body data-say-*>.
export function start() {
  // The row that J and K have marked stays marked when a live change brings its list anew.
  window.Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) =>
    name !== "aria-current" || !node.classList.contains("list-row");
  const words = document.body.dataset;
  document.addEventListener(HTMX.beforeSwap, (event) => {
    if (event.detail.xhr.status !== 422) return;
    const refused = event.detail.xhr.responseText.includes("data-toast-text"); // no form in it: keep what was typed
    event.detail.shouldSwap = !refused;
    event.detail.isError = refused;
  });
  document.addEventListener(HTMX.responseError, (event) => {
    const { xhr } = event.detail;
    if ((xhr.getResponseHeader("HX-Trigger") || "").includes(TOAST)) return;
    const answer = new DOMParser().parseFromString(xhr.responseText, "text/html").querySelector("[data-toast-text]");
    if (answer) say(answer.dataset.toastText, xhr.status < 500 ? "amber" : "red");
    else if (xhr.status === 403) say(words.sayForbidden, "red");
    else if (xhr.status === 404) say(words.sayGone, "red");
    else if (xhr.status === 409 || xhr.status === 412) say(words.sayMoved, "amber");
    else say(words.sayFailed, "red");
  });
  for (const lost of [HTMX.sendError, HTMX.timeout]) {
    document.addEventListener(lost, () => say(words.sayOffline, "amber"));
  }
}
