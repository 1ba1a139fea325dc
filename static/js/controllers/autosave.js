// Saves a form as it is typed: a pause triggers "autosave" (hx-post hx-trigger="autosave" hx-swap="none" does the rest).
// A copy stays in this browser until the server has it, so a reload or a lost connection loses nothing.
import { Controller } from "stimulus";
import { AUTOSAVE, HTMX, trigger } from "events";

const PAUSE = 800;
const RETRY = 5000;

export default class extends Controller {
  static targets = ["state"];
  static values = { key: String, saving: String, saved: String, kept: String, restored: String };

  connect() {
    this.onAnswer = (event) => event.detail.elt === this.element && this.answered(event.detail);
    this.onOnline = () => this.save();
    this.element.addEventListener(HTMX.afterRequest, this.onAnswer);
    window.addEventListener("online", this.onOnline);
    this.restore();
  }

  disconnect() {
    clearTimeout(this.timer);
    this.element.removeEventListener(HTMX.afterRequest, this.onAnswer);
    window.removeEventListener("online", this.onOnline);
  }

  typed() {
    this.changes = (this.changes || 0) + 1;
    this.keep();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), PAUSE);
  }

  save() {
    if (!this.changes) return;
    this.sent = this.changes;
    this.say(this.savingValue);
    trigger(this.element, AUTOSAVE, {});
  }

  answered({ successful }) {
    if (!successful) {
      this.say(this.keptValue, "amber");
      this.timer = setTimeout(() => this.save(), RETRY);
    } else if (this.sent === this.changes) {
      this.changes = 0;
      localStorage.removeItem(this.keyValue);
      this.say(`${this.savedValue} ${new Date().toTimeString().slice(0, 5)}`);
    } else this.save();
  }

  keep() {
    const words = [...new FormData(this.element)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
    localStorage.setItem(this.keyValue, JSON.stringify(words));
  }

  restore() {
    const kept = JSON.parse(localStorage.getItem(this.keyValue) || "[]");
    const texts = kept.filter(([name]) => this.element.elements[name]?.matches?.("textarea, input[type=text]"));
    const differs = texts.filter(([name, value]) => this.element.elements[name].value !== value);
    if (!differs.length) return;
    for (const [name, value] of differs) this.element.elements[name].value = value;
    this.element.dispatchEvent(new Event("input", { bubbles: true }));
    this.say(this.restoredValue, "amber");
  }

  say(words, tone = "") {
    if (!this.hasStateTarget || !words) return;
    this.stateTarget.textContent = words;
    this.stateTarget.dataset.tone = tone;
  }
}
