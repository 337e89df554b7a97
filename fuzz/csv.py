"""Tables."""

from __future__ import annotations

from chainrule.errors import DataError
from fuzz.common import Seeds, in_file, refused_properly


def seeds() -> Seeds:
    rows = "".join(f'{i},{i / 3:.3f},"{"ab"[i % 2]}, x",{"" if i % 5 == 0 else i}\n' for i in range(20))
    german = "a;b\n1,5;x\n2,5;y\n"
    return {
        "comma": f"id,size,name,count\n{rows}".encode(),
        "semicolon": german.encode(),
        "tab": b"a\tb\n1\t2\n3\tNA\n",
    }


def check(data: bytes) -> None:
    from chainrule.tabular.read import read_table

    refused_properly(lambda: read_table(in_file("t.csv", data)), DataError)
