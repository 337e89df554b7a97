"""Style sheets without what only readers need."""

import re

import pytest

from chainrule.web.bundle import STATIC
from chainrule.web.squeeze_style import squeeze_style


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda p: p.name)
def test_only_comments_and_space_go(path):
    def bare(text):
        return re.sub(r"/\*.*?\*/|;(?=\s*\})|\s+", "", text, flags=re.S)

    source = path.read_text(encoding="utf-8")
    made = squeeze_style(source)
    assert bare(made) == bare(source)
    assert len(made) < len(source)
    assert squeeze_style(made) == made
    assert sorted(re.findall(r'"[^"]*"', made)) == sorted(
        re.findall(r'"[^"]*"', re.sub(r"/\*.*?\*/", "", source, flags=re.S))
    )
    for kept in (r"\) and \(", r"calc\([^;,}]*\)", r"\S > \S", r"\S \+ \S"):
        plain = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
        assert len(re.findall(kept, made)) == len(re.findall(kept, plain)), kept
