// The place where toasts stand; makes one when a script or an answer (HX-Trigger: collab:toast) has something to say.
import { Controller } from "stimulus";
import { TOAST } from "events";

const MOST = 3;

export default class extends Controller {
  connect() {
    this.onToast = (event) => this.add(event.detail);
    document.addEventListener(TOAST, this.onToast);
  }

  disconnect() {
    document.removeEventListener(TOAST, this.onToast);
  }

  add({ text, value, tone }) {
    const words = text || value;
    if (!words) return;
    const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
    toast.querySelector("[data-toast-target=text]").textContent = words;
    if (tone) toast.dataset.tone = tone;
    this.element.append(toast);
    while (this.element.children.length > MOST) this.element.firstElementChild.remove();
  }
}
