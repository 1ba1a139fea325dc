"""Pictures of our own making for the demo: flat shapes in the colours of a coffee shop."""

import io
from collections.abc import Callable

from PIL import Image, ImageDraw

SIZE = (1200, 900)
Canvas = ImageDraw.ImageDraw

ALT = {
    "bag": "A brown paper bag of coffee with a cream label",
    "pour": "Water poured from a kettle into a paper filter",
    "person": "A barista behind the counter, smiling",
    "cup": "A white cup of coffee on a green saucer, seen from the side",
    "hill": "Green hills with rows of coffee bushes under a low sun",
    "tin": "Three round tins in teal, red and yellow",
    "house": "A narrow old town house with shutters and an awning",
    "box": "A gift box with a ribbon and a small drawer",
}


def draw(name: str) -> bytes:
    """Return a picture as PNG."""
    image = Image.new("RGB", SIZE, "#efe6d8")
    _SCENES[name](ImageDraw.Draw(image))
    found = io.BytesIO()
    image.save(found, "PNG")
    return found.getvalue()


def _bag(pen: Canvas) -> None:
    pen.rectangle((0, 620, 1200, 900), fill="#d9c7ab")
    pen.polygon([(430, 180), (770, 180), (800, 740), (400, 740)], fill="#7a4e2d")
    pen.polygon([(430, 180), (770, 180), (760, 250), (440, 250)], fill="#5e3a20")
    pen.rectangle((480, 360, 720, 600), fill="#f6efe2")
    pen.ellipse((545, 420, 655, 540), fill="#0f7173")


def _pour(pen: Canvas) -> None:
    pen.polygon([(360, 380), (840, 380), (640, 680), (560, 680)], fill="#fbf8f2", outline="#c9b79a")
    pen.rectangle((560, 680, 640, 760), fill="#3b2416")
    pen.polygon([(900, 120), (1080, 120), (1110, 340), (870, 340)], fill="#0f7173")
    pen.line([(880, 170), (640, 220), (605, 400)], fill="#7fb7be", width=14)
    pen.rectangle((420, 760, 780, 840), fill="#8b5a34")


def _person(pen: Canvas) -> None:
    pen.rectangle((0, 0, 1200, 900), fill="#dfe8e2")
    pen.ellipse((480, 160, 720, 420), fill="#c98e63")
    pen.pieslice((460, 120, 740, 420), 180, 360, fill="#2b1b14")
    pen.rounded_rectangle((400, 420, 800, 900), 90, fill="#0f7173")
    pen.rectangle((500, 520, 700, 900), fill="#f6efe2")
    pen.arc((550, 290, 650, 360), 20, 160, fill="#5e2f1c", width=8)
    pen.rectangle((0, 760, 1200, 900), fill="#8b5a34")


def _cup(pen: Canvas) -> None:
    pen.ellipse((260, 680, 940, 800), fill="#3f7d5c")
    pen.pieslice((360, 180, 840, 740), 0, 180, fill="#fbf8f2")
    pen.rectangle((360, 400, 840, 470), fill="#fbf8f2")
    pen.ellipse((360, 350, 840, 450), fill="#4a2c1a")
    pen.arc((790, 420, 950, 600), 270, 100, fill="#fbf8f2", width=34)


def _hill(pen: Canvas) -> None:
    pen.rectangle((0, 0, 1200, 900), fill="#f4d9a8")
    pen.ellipse((780, 120, 1000, 340), fill="#ee9f4b")
    pen.ellipse((-300, 380, 900, 1300), fill="#5b8f57")
    pen.ellipse((400, 460, 1600, 1400), fill="#3c7147")
    for row in range(6):
        for column in range(14):
            left, top = 40 + column * 88 + row % 2 * 40, 560 + row * 60
            pen.ellipse((left, top, left + 46, top + 34), fill="#28533a")


def _tin(pen: Canvas) -> None:
    for index, colour in enumerate(("#0f7173", "#b3402f", "#e0a526")):
        left = 190 + index * 290
        pen.rectangle((left, 330, left + 240, 720), fill=colour)
        pen.ellipse((left, 280, left + 240, 380), fill="#f6efe2", outline=colour, width=10)
        pen.ellipse((left + 60, 460, left + 180, 580), fill="#f6efe2")


def _house(pen: Canvas) -> None:
    pen.rectangle((0, 0, 1200, 900), fill="#cfe0e6")
    pen.rectangle((360, 200, 840, 900), fill="#f3e3c3")
    pen.polygon([(330, 200), (870, 200), (800, 110), (400, 110)], fill="#9c4a35")
    for left in (410, 560, 710):
        pen.rectangle((left, 280, left + 80, 450), fill="#2f6b6d")
    pen.polygon([(340, 560), (860, 560), (900, 650), (300, 650)], fill="#b3402f")
    pen.rectangle((520, 650, 680, 900), fill="#4a2c1a")


def _box(pen: Canvas) -> None:
    pen.rectangle((320, 300, 880, 760), fill="#2f6b4f")
    pen.rectangle((560, 300, 640, 760), fill="#e7c873")
    pen.rectangle((320, 600, 880, 612), fill="#1f4a37")
    pen.ellipse((575, 660, 625, 710), fill="#f6efe2")
    pen.ellipse((470, 200, 600, 320), outline="#e7c873", width=24)
    pen.ellipse((600, 200, 730, 320), outline="#e7c873", width=24)


_SCENES: dict[str, Callable[[Canvas], None]] = {
    "bag": _bag,
    "pour": _pour,
    "person": _person,
    "cup": _cup,
    "hill": _hill,
    "tin": _tin,
    "house": _house,
    "box": _box,
}
