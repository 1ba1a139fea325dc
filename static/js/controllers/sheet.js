// A side part that comes from below on the phone: the composer's preview, filters. On wide screens it just stands there.
import { Controller } from "stimulus";

export default class extends Controller {
  static targets = ["sheet", "opener"];

  open() {
    this.sheetTarget.dataset.open = "";
    this.veil = Object.assign(document.createElement("div"), { className: "sheet-veil" });
    this.veil.addEventListener("click", () => this.close());
    this.sheetTarget.before(this.veil);
    this.sheetTarget.querySelector("button, a")?.focus({ preventScroll: true });
    this.onKey = (event) => event.key === "Escape" && this.close();
    document.addEventListener("keydown", this.onKey);
  }

  close() {
    delete this.sheetTarget.dataset.open;
    this.veil?.remove();
    document.removeEventListener("keydown", this.onKey);
    if (this.hasOpenerTarget) this.openerTarget.focus({ preventScroll: true });
  }

  disconnect() {
    this.veil?.remove();
    document.removeEventListener("keydown", this.onKey);
  }
}
