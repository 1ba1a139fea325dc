// A clock that counts down by itself between two looks at the server; past its end it counts up with a plus.
import { Controller } from "stimulus";

export default class extends Controller {
  static targets = ["face"];
  static values = { left: Number, runs: Boolean };

  connect() {
    this.begun = performance.now();
    if (this.runsValue) this.timer = setInterval(() => this.show(), 500);
  }

  disconnect() {
    clearInterval(this.timer);
  }

  leftValueChanged() {
    this.begun = performance.now();
  }

  runsValueChanged(runs) {
    clearInterval(this.timer);
    if (runs) this.timer = setInterval(() => this.show(), 500);
  }

  show() {
    const left = Math.round(this.leftValue - (performance.now() - this.begun) / 1000);
    const rest = Math.abs(left);
    const text = `${left < 0 ? "+" : ""}${Math.floor(rest / 60)}:${String(rest % 60).padStart(2, "0")}`;
    if (this.faceTarget.textContent !== text) this.faceTarget.textContent = text;
  }
}
