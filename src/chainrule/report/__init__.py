"""The report of a run: one HTML file that says how good a network is, why, and where it fails.

read the folder -> `Facts` (every number, computed once) -> sections, one file each -> one page
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from chainrule.tabular.train import Prepared

NAME = "report.html"


def make_report(run: str | Path, *, private: bool = False, prepared: Prepared | None = None) -> str:
    """Return the report of a run as HTML; the same run gives the same text.

    Args:
        run: a run folder that `chainrule train` wrote.
        private: leave out single rows and the names of categories.
        prepared: the table as it was trained on, if it is at hand; else the data file is read again.

    Raises:
        ModelFileError: it is no run folder, or it is damaged.
        MissingExtraError: matplotlib, polars or latex2mathml is not installed.
    """
    from chainrule.report.facts import Facts
    from chainrule.report.folder import read_folder
    from chainrule.report.page import page

    return page(Facts(read_folder(run, prepared), private))


def write_report(
    run: str | Path, out: str | Path | None = None, *, private: bool = False, prepared: Prepared | None = None
) -> Path:
    """Write the report of a run, by default as `report.html` into its folder, and return where it is.

    Args:
        out: the file to write.

    Raises:
        ModelFileError: as `make_report`, or the file cannot be written.
    """
    from chainrule.saving.archive import write_atomically

    file = Path(run) / NAME if out is None else Path(out)
    text = make_report(run, private=private, prepared=prepared).encode()

    def write(opened: BinaryIO) -> None:
        opened.write(text)

    write_atomically(file, write)
    return file


__all__ = ["make_report", "write_report"]
