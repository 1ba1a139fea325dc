// A place to drop files, with real progress. The form posts by htmx; without scripts it is a plain file input.
import { Controller } from "stimulus";
import { HTMX } from "events";

export default class extends Controller {
  static targets = ["input", "drop", "progress", "bar", "done", "name"];

  connect() {
    this.element.hidden = false;
    this.onProgress = (event) => this.advance(event.detail);
    this.onEnd = () => this.ended();
    this.element.addEventListener(HTMX.progress, this.onProgress);
    this.element.addEventListener(HTMX.afterRequest, this.onEnd);
  }

  disconnect() {
    this.element.removeEventListener(HTMX.progress, this.onProgress);
    this.element.removeEventListener(HTMX.afterRequest, this.onEnd);
  }

  over(event) {
    event.preventDefault();
    this.dropTarget.dataset.over = "";
  }

  leave() {
    delete this.dropTarget.dataset.over;
  }

  drop(event) {
    event.preventDefault();
    this.leave();
    if (!event.dataTransfer.files.length) return;
    this.inputTarget.files = event.dataTransfer.files;
    this.chosen();
  }

  chosen() {
    const names = [...this.inputTarget.files].map((file) => file.name).join(", ");
    if (this.hasNameTarget) this.nameTarget.textContent = names;
    if (!this.hasProgressTarget) return;
    this.progressTarget.hidden = false;
    this.element.requestSubmit();
  }

  advance({ loaded, total, lengthComputable }) {
    if (!lengthComputable || !this.hasBarTarget) return;
    this.barTarget.max = total;
    this.barTarget.value = loaded;
    this.doneTarget.textContent = `${Math.round((100 * loaded) / total)} %`;
  }

  ended() {
    if (this.hasProgressTarget) this.progressTarget.hidden = true;
    this.element.reset();
  }
}
