// Listens to the workspace's event stream and asks changed parts of the page to fetch themselves again.
// A part says what it shows: data-live-ref="calendar_app.post:<id>" (several divided by spaces, "type:*" for any)
// and how to fetch: hx-get="…" hx-trigger="changed" hx-swap="morph".
import { Controller } from "stimulus";
import { CHANGED, trigger } from "events";
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30000;
const TOGETHER = 150; // a burst of changes is one fetch

export default class extends Controller {
  static values = { url: String };

  connect() {
    this.wait = FIRST_WAIT;
    window.addEventListener("online", (this.onOnline = () => this.listen()));
    window.addEventListener("offline", (this.onOffline = () => this.show(false)));
    this.listen();
  }

  disconnect() {
    window.removeEventListener("online", this.onOnline);
    window.removeEventListener("offline", this.onOffline);
    clearTimeout(this.timer);
    this.source?.close();
  }

  listen() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = new EventSource(this.urlValue);
    this.source.onopen = () => this.opened();
    this.source.onerror = () => this.lost();
    this.source.addEventListener(CHANGED, (event) => this.changed(JSON.parse(event.data)));
  }

  opened() {
    if (this.missed) for (const part of document.querySelectorAll("[data-live-ref]")) this.refresh(part);
    this.missed = false;
    this.wait = FIRST_WAIT;
    this.show(true);
  }

  lost() {
    this.missed = true;
    this.source.close();
    if (!navigator.onLine || this.wait > 4 * FIRST_WAIT) this.show(false);
    this.timer = setTimeout(() => this.listen(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  changed({ ref, revision }) {
    const any = `${ref.split(":")[0]}:*`;
    for (const part of document.querySelectorAll("[data-live-ref]")) {
      const refs = part.dataset.liveRef.split(" ");
      if (!refs.includes(ref) && !refs.includes(any)) continue;
      if (revision && part.dataset.liveRevision === String(revision)) continue;
      this.refresh(part);
    }
  }

  refresh(part) {
    this.pending = (this.pending || new Set()).add(part);
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.flush(), TOGETHER);
  }

  flush() {
    const open = document.querySelector("dialog[open]");
    for (const part of this.pending) {
      const busy = part.matches("[data-dirty]") || part.querySelector("[data-dirty]") || (open && part.contains(open));
      if (part.isConnected && !busy) trigger(part, CHANGED, {});
    }
    this.pending.clear();
  }

  show(online) {
    const status = document.getElementById("live-status");
    if (status) status.hidden = online;
  }
}
