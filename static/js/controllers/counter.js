// Counts a text by a network's rule: unit "graphemes", "characters" (code points) or "utf16"; every link counts linkLength when that is set.
import { Controller } from "stimulus";

const LINK = /https?:\/\/\S+/g;

export default class extends Controller {
  static targets = ["text", "box", "left", "words", "over"];
  static values = { limit: Number, unit: { type: String, default: "graphemes" }, linkLength: Number, words: { type: String, default: "%n / %m" } };

  connect() {
    this.count();
  }

  count() {
    const length = this.measure(this.textTarget.value);
    const left = this.limitValue - length;
    this.boxTarget.toggleAttribute("data-over", left < 0);
    if (this.hasLeftTarget) this.leftTarget.textContent = left < 0 ? `−${-left}` : left;
    if (this.hasWordsTarget) this.wordsTarget.textContent = this.wordsValue.replace("%n", length).replace("%m", this.limitValue);
    this.boxTarget.toggleAttribute("data-near", left >= 0 && left <= this.limitValue / 10);
  }

  measure(text) {
    let extra = 0;
    const rest = this.linkLengthValue
      ? text.replace(LINK, () => {
          extra += this.linkLengthValue;
          return "";
        })
      : text;
    if (this.unitValue === "utf16") return rest.length + extra;
    if (this.unitValue === "characters") return [...rest].length + extra;
    return [...new Intl.Segmenter().segment(rest)].length + extra;
  }
}
