"""Pages that show files of the repository, so that the site can lead to the code and needs no other host for it.

A link out of docs/, such as [`relu`](../src/chainrule/activations/piecewise.py), leads to the line of that file which
defines the name; [source] beside an entry of the API reference does the same.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.osutil import relative_uri

from chainrule.activations import Sigma

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path(inspect.getfile(Sigma)).parents[1]  # also where it is installed outside of the repository
shown: set[str] = set()  # the files that have a page, relative to the repository


def page(path: str) -> str:
    """The name of the page that shows a file of the repository; the page will be made."""
    shown.add(path)
    return f"source/{path}"


@functools.cache
def lines_of(path: Path) -> dict[str, int]:
    """The line of each definition of a Python file: ``name`` and ``Class.name``."""
    found: dict[str, int] = {}

    def visit(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                found[prefix + node.name] = node.lineno
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{prefix}{node.name}.")
            for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
                if isinstance(target, ast.Name):
                    found.setdefault(prefix + target.id, node.lineno)

    visit(ast.parse(path.read_text(encoding="utf-8")).body, "")
    return found


class Links(SphinxTransform):
    """Turns links to files outside of docs/ into links to the pages that show them."""

    default_priority = 500

    def apply(self, **kwargs: Any) -> None:
        """Replaces each link of the page that is read."""
        here = Path(self.env.doc2path(self.env.docname))
        for node in list(self.document.findall(addnodes.download_reference)):
            target = (here.parent / node["reftarget"].partition("#")[0]).resolve()
            if target.is_file() and ROOT in target.parents and self.env.srcdir not in target.parents:
                path = target.relative_to(ROOT).as_posix()
                uri = relative_uri(f"{self.env.docname}.html", f"{page(path)}.html")
                line = lines_of(target).get(node.astext()) if target.suffix == ".py" else None
                link = nodes.reference("", "", *node.children, internal=True, refuri=uri + f"#L-{line}" * bool(line))
                node.replace_self(link)


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """The link of [source], for sphinx.ext.linkcode: from a page in api/ to the definition of a name."""
    value: Any = importlib.import_module(info["module"])
    for name in info["fullname"].split("."):
        value = getattr(value, name, None)
    value = value.function if isinstance(value, Sigma) else value
    value = value.fget if isinstance(value, property) else value
    try:
        file = Path(inspect.getfile(inspect.unwrap(value)))
        line = inspect.getsourcelines(value)[1]
    except (OSError, TypeError):
        return None
    path = (Path("src/chainrule") / file.relative_to(PACKAGE)).as_posix() if PACKAGE in file.parents else None
    return path and f"../{page(path)}.html#L-{line}"


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, str], str]]:
    """A page for each file that is linked, its lines numbered."""
    formatter = HtmlFormatter(linenos="inline", linespans="L", wrapcode=True)
    for path in sorted(shown):
        code = (ROOT / path).read_text(encoding="utf-8")
        try:
            lexer = get_lexer_for_filename(path)
        except ClassNotFound:
            lexer = get_lexer_for_filename("plain.txt")
        body = f'<h1 class="path">{path}</h1><div class="highlight">{highlight(code, lexer, formatter)}</div>'
        yield f"source/{path}", {"title": path, "body": body}, "page.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the links, [source] and the pages."""
    app.setup_extension("sphinx.ext.linkcode")
    app.config.linkcode_resolve = linkcode_resolve
    app.add_transform(Links)
    app.connect("html-collect-pages", pages)
    app.connect("env-get-outdated", lambda app, env, *changes: env.found_docs)  # `shown` is of this build: read all
    return {"parallel_read_safe": False}
