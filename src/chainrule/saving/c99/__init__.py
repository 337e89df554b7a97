"""C99 files: `export_c` writes them."""

from chainrule.saving.c99.write import c_source as c_source
from chainrule.saving.c99.write import export_c as export_c
