// Opens a native dialogue by its id, or one that a fragment brings. The opener: data-dialog-target-value="id" data-action="dialog#open".
import { Controller } from "stimulus";
import { OPENED } from "events";

export default class extends Controller {
  static values = { target: String, auto: Boolean };

  connect() {
    if (this.autoValue && !this.element.open) this.show(this.element);
  }

  open(event) {
    const dialog = document.getElementById(this.targetValue);
    if (!dialog) return;
    event.preventDefault();
    this.element.closest("[popover]")?.hidePopover();
    this.show(dialog);
  }

  show(dialog) {
    if (dialog.open) return;
    dialog.showModal();
    dialog.addEventListener("pointerdown", this.outside);
    dialog.dispatchEvent(new CustomEvent(OPENED));
  }

  outside(event) {
    if (event.target !== this || this.querySelector("form[data-dirty]")) return;
    const box = this.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) this.close();
  }

  close() {
    this.element.closest("dialog")?.close();
  }
}
