// Theme and density at once, without a reload; the choice is kept in a cookie and, where there is an account, on it.
import { Controller } from "stimulus";

const YEAR = 31536000;

export default class extends Controller {
  submit(event) {
    const { submitter } = event;
    if (!submitter) return;
    const root = document.documentElement;
    const { name, value } = submitter;
    if (value === "system" || value === "comfortable") delete root.dataset[name];
    else root.dataset[name] = value;
    const secure = window.location.protocol === "https:" ? "; secure" : "";
    document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
    for (const button of submitter.parentElement.children) {
      button.setAttribute("aria-pressed", String(button === submitter));
    }
    event.preventDefault();
    const form = event.target;
    if (!form.getAttribute("action")) return;
    window.htmx.ajax("POST", form.action, { source: form, swap: "none", values: { [name]: value } });
  }
}
