// One toast: counts its ten seconds, waits while it is looked at, offers Undo meanwhile.
import { Controller } from "stimulus";

const SECONDS = 10;

export default class extends Controller {
  static targets = ["seconds", "text"];

  connect() {
    this.left = SECONDS;
    this.go();
  }

  disconnect() {
    this.hold();
  }

  go() {
    this.hold();
    this.timer = setInterval(() => this.tick(), 1000);
  }

  hold() {
    clearInterval(this.timer);
  }

  tick() {
    this.left -= 1;
    if (this.hasSecondsTarget) this.secondsTarget.textContent = `${this.left} s`;
    if (this.left <= 0) this.close();
  }

  undone() {
    this.hold();
    this.element.hidden = true;
  }

  close() {
    this.element.remove();
  }
}
