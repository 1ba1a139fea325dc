// Places a popover under its button and walks its items by arrow keys. On the button: data-controller="menu" popovertarget="id".
import { Controller } from "stimulus";

const EDGE = 8;

export default class extends Controller {
  connect() {
    this.menu = document.getElementById(this.element.getAttribute("popovertarget"));
    if (!this.menu) return;
    this.onToggle = (event) => this.toggled(event.newState === "open");
    this.onKey = (event) => this.walk(event);
    this.menu.addEventListener("toggle", this.onToggle);
    this.menu.addEventListener("keydown", this.onKey);
    this.element.setAttribute("aria-expanded", "false");
  }

  disconnect() {
    this.menu?.removeEventListener("toggle", this.onToggle);
    this.menu?.removeEventListener("keydown", this.onKey);
  }

  toggled(open) {
    this.element.setAttribute("aria-expanded", String(open));
    if (!open) return;
    this.place();
    (this.menu.querySelector("[autofocus]") || this.items()[0])?.focus({ preventScroll: true });
  }

  place() {
    if (window.innerWidth < 900 && this.menu.classList.contains("menu-sheet")) return;
    const button = this.element.getBoundingClientRect();
    this.menu.dataset.placed = "";
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    const fitsBelow = button.bottom + 4 + height <= window.innerHeight - EDGE;
    const top = fitsBelow ? button.bottom + 4 : Math.max(EDGE, button.top - 4 - height);
    const atEnd = button.left + width > window.innerWidth - EDGE;
    const left = atEnd ? Math.max(EDGE, button.right - width) : button.left;
    this.menu.style.top = `${Math.min(top, Math.max(EDGE, window.innerHeight - EDGE - height))}px`;
    this.menu.style.left = `${left}px`;
  }

  items() {
    return [...this.menu.querySelectorAll("a[href], button:not([disabled]), input:not([type=hidden]), select")];
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const items = this.items();
    if (event.key === "Home" || event.key === "End") {
      if (event.target.matches("input[type=text], input[type=search]")) return;
      event.preventDefault();
      items.at(event.key === "Home" ? 0 : -1)?.focus();
    } else if (step) {
      event.preventDefault();
      const at = items.indexOf(document.activeElement);
      items.at((at + step) % items.length)?.focus();
    }
  }
}
