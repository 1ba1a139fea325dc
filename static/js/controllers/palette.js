// Ctrl-K: filters places and the page's own actions; Enter without a match searches.
import { Controller } from "stimulus";

export default class extends Controller {
  static targets = ["input", "list", "item", "none"];

  fill() {
    this.listTarget.querySelectorAll("[data-from-page]").forEach((item) => item.remove());
    for (const action of document.querySelectorAll("[data-palette]")) {
      if (action.closest("dialog") || action.ariaDisabled === "true") continue;
      const item = document.createElement("li");
      const button = Object.assign(document.createElement("button"), { type: "button", className: "menu-item" });
      button.textContent = action.dataset.palette || action.textContent.trim();
      button.addEventListener("click", () => {
        this.element.close();
        action.click();
      });
      item.dataset.fromPage = "";
      item.dataset.paletteTarget = "item";
      item.append(button);
      this.listTarget.prepend(item);
    }
    this.inputTarget.value = "";
    this.filter();
    this.inputTarget.focus();
  }

  filter() {
    const words = this.inputTarget.value.toLowerCase().split(/\s+/).filter(Boolean);
    const items = [...this.listTarget.children];
    for (const item of items) item.hidden = !words.every((word) => item.textContent.toLowerCase().includes(word));
    this.mark(this.shown[0]);
    this.noneTarget.hidden = this.shown.length > 0;
  }

  get shown() {
    return [...this.listTarget.children].filter((item) => !item.hidden);
  }

  mark(item) {
    this.listTarget.querySelector("[data-active]")?.removeAttribute("data-active");
    item?.firstElementChild.setAttribute("data-active", "");
    item?.scrollIntoView({ block: "nearest" });
  }

  keys(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = this.shown.findIndex((item) => item.firstElementChild.hasAttribute("data-active"));
    this.mark(this.shown.at((at + step) % this.shown.length));
  }

  choose(event) {
    const chosen = this.listTarget.querySelector("[data-active]");
    if (chosen && this.shown.length) {
      event.preventDefault();
      this.element.close();
      chosen.click();
    } else if (!event.target.getAttribute("action")) event.preventDefault();
  }
}
