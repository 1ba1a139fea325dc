// Puts the items of a list into another order: by mouse, or with the arrow buttons, which without scripts send the form.
// Items: data-reorder-target="item"; in each a number to keep true; one live region says where an item went.
import { Controller } from "stimulus";

export default class extends Controller {
  static targets = ["item", "number", "said"];

  itemTargetConnected(item) {
    const head = item.querySelector("[data-reorder-target=number]");
    head.draggable = true;
  }

  raise(event) {
    this.shift(event, -1);
  }

  lower(event) {
    this.shift(event, 1);
  }

  shift(event, by) {
    event.preventDefault();
    const item = event.target.closest("[data-reorder-target=item]");
    const next = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!next) return;
    if (by < 0) next.before(item);
    else next.after(item);
    event.target.closest("button").focus();
    this.settle(item);
  }

  lift(event) {
    const item = event.target.closest("[data-reorder-target=item]");
    if (!item || event.target.closest("input, textarea, select")) return;
    this.item = item;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", item.id);
    event.dataTransfer.setDragImage(item, 12, 12);
    item.dataset.lifted = "";
  }

  over(event) {
    const under = event.target.closest("[data-reorder-target=item]");
    if (!this.item || !under) return;
    event.preventDefault();
    if (under === this.item) return;
    const box = under.getBoundingClientRect();
    if (event.clientY > box.top + box.height / 2) under.after(this.item);
    else under.before(this.item);
  }

  drop(event) {
    if (this.item) event.preventDefault();
  }

  end() {
    if (!this.item) return;
    delete this.item.dataset.lifted;
    this.settle(this.item);
    this.item = null;
  }

  settle(item) {
    this.numberTargets.forEach((number, index) => (number.textContent = index + 1));
    const name = item.querySelector("input[type=text]").value;
    const place = this.itemTargets.indexOf(item) + 1;
    this.saidTarget.textContent = this.saidTarget.dataset.said.replace("%s", name).replace("%n", place);
    item.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
