"""A figure of Matplotlib that a notebook shows; this module is imported with the first chart."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Chart(Figure):
    """A Figure that a notebook shows without pyplot, which would keep every figure open."""

    def _repr_png_(self) -> bytes:
        file = io.BytesIO()
        self.savefig(file, format="png")
        return file.getvalue()
