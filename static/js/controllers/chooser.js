// A box for a person's name: drops down who fits as one types, by arrow keys, Enter and Escape (the combobox pattern).
// Without it the box takes the name as it is written. <body data-people-url> says where to ask.
import { Controller } from "stimulus";

const PAUSE = 140;

export default class extends Controller {
  static targets = ["input", "list"];

  connect() {
    const { inputTarget: input, listTarget: list } = this;
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id };
    for (const [name, value] of Object.entries(roles)) input.setAttribute(name, value);
    input.addEventListener("input", () => this.soon());
    input.addEventListener("click", () => list.hidden && this.look());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
    list.addEventListener("click", (event) => this.choose(event.target.closest("[data-value]")));
  }

  disconnect() {
    clearTimeout(this.timer);
  }

  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), PAUSE);
  }

  // With the name that was chosen still in the box, one looks for somebody else: everybody is shown.
  async look() {
    const { inputTarget: input, listTarget: list } = this;
    const asked = [this.chosen, input.defaultValue].includes(input.value) ? "" : input.value;
    const url = `${document.body.dataset.peopleUrl}?q=${encodeURIComponent(asked)}`;
    await window.htmx.ajax("GET", url, { target: list });
    if (document.activeElement !== input) return;
    this.options = [...list.querySelectorAll("[data-value]")];
    this.options.forEach((option, number) => (option.id = `${list.id}-${number}`));
    list.hidden = !list.children.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    this.mark(-1);
    list.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const isOpen = !this.listTarget.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      const { length } = this.options || [];
      if (!isOpen) this.look();
      else if (length) this.mark(this.at < 0 && step < 0 ? length - 1 : (this.at + step + length) % length);
    } else if (isOpen && event.key === "Enter" && this.at >= 0) this.choose(this.options[this.at]);
    else if (isOpen && event.key === "Escape") this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  mark(at) {
    this.at = at;
    this.options.forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    this.options[at]?.scrollIntoView({ block: "nearest" });
    this.inputTarget.setAttribute("aria-activedescendant", this.options[at]?.id || "");
  }

  choose(option) {
    if (!option) return;
    this.chosen = this.inputTarget.value = option.dataset.value;
    this.inputTarget.dispatchEvent(new Event("change", { bubbles: true }));
    this.close();
  }

  close() {
    clearTimeout(this.timer);
    this.listTarget.hidden = true;
    this.inputTarget.setAttribute("aria-expanded", "false");
    this.inputTarget.setAttribute("aria-activedescendant", "");
  }
}
