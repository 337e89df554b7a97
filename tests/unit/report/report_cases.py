"""A table with something to learn, hostile names and secrets; and a reader of HTML that minds every tag."""

import csv
from html.parser import HTMLParser

from chainrule.random import threefry

HOSTILE = "<script>alert('x')</script>"
CITIES = ("Oslo-on-Sea", "Rome & sons", "Kyiv|east", "=cmd()|' /C calc'!A0")
TARGETS = {"ill": "binary", "level": "multiclass", "cost": "regression"}


def make_rows(n=240):
    """A table with something to learn, gaps, all kinds of columns, and hostile names."""
    u = threefry.uniform(threefry.key_from_seed(1), (n, 6), "float64")
    rows = []
    for i, (a, b, c, d, e, f) in enumerate(u):
        city = CITIES[int(4 * c)]
        score = 3 * a - 2 * b + (city == CITIES[1]) + (d < 0.5) + 0.3 * (e - 0.5)
        rows.append(
            {
                HOSTILE: "" if f < 0.05 else f"{20 + 50 * a:.1f}",
                'weight "$kg$"': f"{50 + 40 * b:.2f}",
                "city": "" if f > 0.98 else city,
                "member": "yes" if d < 0.5 else "no",
                "since": f"20{10 + i % 15}-0{1 + i % 9}-1{i % 10}",
                "note": f"a secret remark of person {i}",
                "ill": "sick-person" if score > 1 else "healthy-person",
                "level": "low-level" if score < 0.3 else "high-level" if score > 1.7 else "mid-level",
                "cost": f"{100 + 30 * score:.3f}",
            }
        )
    return rows


def write_table(path, target, rows=None):
    """Write the table with one of its targets."""
    rows = rows or make_rows()
    columns = [c for c in rows[0] if c not in TARGETS or c == target]
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


class Balance(HTMLParser):
    """Notes elements, attributes and text, and whether every element is closed."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.words = [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, name, attributes):
        self.elements.append((name, dict(attributes)))
        if name not in ("meta", "br", "col", "hr"):
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name

    def handle_data(self, data):
        self.words.append(data)
