// Scrolls a row of tabs sideways until the one that is open can be seen. On the row: data-controller="in-view".
import { Controller } from "stimulus";

export default class extends Controller {
  connect() {
    const here = this.element.querySelector("[aria-current]");
    if (!here || this.element.scrollWidth <= this.element.clientWidth) return;
    const row = this.element.getBoundingClientRect();
    const tab = here.getBoundingClientRect();
    this.element.scrollLeft += tab.left + tab.width / 2 - row.left - row.width / 2;
  }
}
