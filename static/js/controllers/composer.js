// The composer's tabs: one text for all, a panel per channel that takes it over until it is changed there.
// Without scripts all panels stand below each other and the form works the same.
import { Controller } from "stimulus";
import { HTMX } from "events";

export default class extends Controller {
  static targets = ["tab", "panel", "channel", "shared", "text", "own", "media", "tried"];

  connect() {
    this.current = "";
    this.arrange();
    this.element.addEventListener(HTMX.afterRequest, () => this.open(this.current));
    this.ready = true;
  }

  mediaTargetConnected() {
    if (this.ready) this.changed();
  }

  show({ currentTarget }) { this.open(currentTarget.dataset.channel); }

  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const tabs = this.tabTargets.filter((tab) => !tab.hidden);
    const next = tabs.at((tabs.indexOf(event.target) + step) % tabs.length);
    this.open(next.dataset.channel);
    next.focus();
  }

  open(channel) {
    this.current = channel;
    for (const tab of this.tabTargets) {
      const here = tab.dataset.channel === channel;
      tab.setAttribute("aria-selected", String(here));
      tab.tabIndex = here ? 0 : -1;
    }
    for (const panel of this.panelTargets) panel.hidden = panel.dataset.channel !== channel;
    const shown = channel || this.chosen()[0];
    for (const preview of document.querySelectorAll("#previews > [data-channel]")) preview.hidden = preview.dataset.channel !== shown;
  }

  arrange() {
    const chosen = this.chosen();
    for (const tab of this.tabTargets) tab.hidden = Boolean(tab.dataset.channel) && !chosen.includes(tab.dataset.channel);
    this.open(chosen.includes(this.current) ? this.current : "");
  }

  chosen() { return this.channelTargets.filter((box) => box.checked).map((box) => box.value); }

  spread() {
    this.triedTarget.value = "on";
    for (const own of this.ownTargets) if (!own.checked) this.copy(own.dataset.channel);
  }

  typed({ target }) {
    this.triedTarget.value = "on";
    const own = this.ownTargets.find((each) => each.dataset.channel === target.dataset.channel);
    own.checked = target.value !== this.sharedTarget.value;
  }

  own({ target }) { if (!target.checked) this.copy(target.dataset.channel); }

  copy(channel) {
    const text = this.textTargets.find((each) => each.dataset.channel === channel);
    text.value = this.sharedTarget.value;
    text.dispatchEvent(new CustomEvent("composer:copied", { bubbles: true }));
  }

  otherTime() { this.element.querySelector("input[name=when][value=other]").checked = true; }

  drop({ target }) {
    target.closest("li").remove();
    this.changed();
  }

  changed() {
    this.element.querySelector("form").dispatchEvent(new CustomEvent("composer:changed"));
  }
}
