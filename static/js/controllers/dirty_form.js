// Marks a form that holds unsaved words (data-dirty) and asks the browser to warn before they are lost.
import { Controller } from "stimulus";
import { HTMX } from "events";

export default class extends Controller {
  connect() {
    this.onInput = () => (this.element.dataset.dirty = "");
    this.onSubmit = () => delete this.element.dataset.dirty;
    this.onSaved = (event) => event.detail.successful && this.onSubmit();
    this.onLeave = (event) => "dirty" in this.element.dataset && event.preventDefault();
    this.element.addEventListener("input", this.onInput);
    this.element.addEventListener("submit", this.onSubmit);
    this.element.addEventListener(HTMX.afterRequest, this.onSaved);
    window.addEventListener("beforeunload", this.onLeave);
  }

  disconnect() {
    window.removeEventListener("beforeunload", this.onLeave);
  }
}
