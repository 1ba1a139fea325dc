// Counts a text by a network's rule: unit "graphemes", "characters" (code points), "utf16" or "weighted" (X); every link counts linkLength when that is set.
import { Controller } from "stimulus";

const LINK = /https?:\/\/\S+/g;

const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\uFE0F?\u20E3|\p{RI}\p{RI}|\p{Emoji}\p{Emoji_Modifier}/u;
const isLight = (point) => point <= 4351 || (point >= 8192 && point <= 8205) || (point >= 8208 && point <= 8223) || (point >= 8242 && point <= 8247);
const weigh = (cluster) => (EMOJI.test(cluster) ? 2 : [...cluster].reduce((sum, one) => sum + (isLight(one.codePointAt(0)) ? 1 : 2), 0));

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
    const clusters = [...new Intl.Segmenter().segment(rest)];
    if (this.unitValue === "weighted") return clusters.reduce((sum, { segment }) => sum + weigh(segment), extra);
    return clusters.length + extra;
  }
}
