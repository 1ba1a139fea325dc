// Puts what a field holds on the clipboard and says so. On the field's frame; the button is hidden without scripts.
import { Controller } from "stimulus";

const SAID_FOR = 4000;

export default class extends Controller {
  static targets = ["field", "button", "said"];
  static values = { done: String };

  connect() {
    this.buttonTarget.hidden = false;
  }

  disconnect() {
    clearTimeout(this.timer);
  }

  copy() {
    this.fieldTarget.select();
    const written = navigator.clipboard?.writeText(this.fieldTarget.value) ?? Promise.reject(new Error("no clipboard"));
    written.then(() => this.say()).catch(() => document.execCommand("copy") && this.say());
  }

  say() {
    this.saidTarget.textContent = this.doneValue;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.saidTarget.textContent = ""), SAID_FOR);
  }
}
