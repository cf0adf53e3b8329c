"""The type of a configuration field that names a recurrent cell."""

from typing import Annotated

import tyro

from ..cells import CELL_NAMES, read_cell
from ..errors import UserError
from ..limits import Limits


class _Cells(Limits):
    def wrong(self, value):
        try:
            read_cell(value)
        except UserError as error:
            return str(error)
        return ""


Cell = Annotated[
    str, _Cells(), tyro.conf.arg(metavar="{" + ",".join(CELL_NAMES) + "}[:OPTION=VALUE,...]")
]
