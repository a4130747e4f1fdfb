"""Translates Chainrule's docstrings, which are plain text, into reStructuredText.

The docstrings hold paragraphs, lists, examples, ``code`` and `names`; all other punctuation means itself, so that
|W| and x_ stay as they are. Four kinds of block get a form of their own: ``Args:``, columns of names and meanings,
"Raises …" and "Source: …".
"""

from __future__ import annotations

import inspect
import re
from itertools import groupby
from typing import Any

from sphinx.application import Sphinx
from sphinx.util.inspect import stringify_signature

import chainrule
from chainrule import estimators, tables

MARKUP = re.compile(r"``.+?``|`[^`]+`|\*\*[A-Z][\w ]*\*\*", re.DOTALL)
ITEM = re.compile(r"(?:-|\d+\.) ")
COLUMN = re.compile(r"(\S+) {2,}(\S.*)")
ARGUMENT = re.compile(r"    (\w+(?:, \w+)*): (.*)")
TYPE = re.compile(r"(?<![\w.'])(?:\w+\.)*([A-Z]\w+)\b(?!')")
HOMES = {name: module.__name__ for module in (chainrule, estimators, tables) for name in module.__all__}
HOMES["Sigma"] = "chainrule.activations"


def escaped(text: str) -> str:
    """The text with every character that reStructuredText would read as markup preceded by a backslash."""
    return re.sub(r"([\\*|_])", r"\\\1", text)


def inline(text: str) -> str:
    """A paragraph: ``code``, `names` and **bold** are kept, and everything else is escaped."""
    parts: list[str] = []
    end = 0
    for markup in MARKUP.finditer(text):
        parts += [escaped(text[end : markup.start()]), markup[0], "\\ "]
        end = markup.end()
    return "".join([*parts, escaped(text[end:])])


def definitions(entries: list[tuple[str, list[str]]]) -> list[str]:
    """A definition list of (terms, lines of the description)."""
    lines: list[str] = []
    for terms, description in entries:
        lines.append(", ".join(f"``{term}``" for term in terms.split(", ")))
        lines += ["    " + line for line in inline("\n".join(description)).splitlines()]
    return lines


def items(block: list[str]) -> list[str]:
    """A list, and the paragraph that may introduce it, with blank lines between its items."""
    lines: list[str] = []
    for line in block:
        if ITEM.match(line):
            lines.append("")
        lines.append(line)
    return inline("\n".join(lines)).splitlines()


def reference(name: str) -> str:
    """The name of a public class as a link, any other name as it is."""
    return f":py:obj:`{name} <{HOMES[name]}.{name}>`\\ " if name in HOMES else name


def translated(block: list[str]) -> list[str]:
    """One block of a docstring, which has no blank line, in reStructuredText."""
    if block[0].startswith(">>>"):
        return block
    if block[0] == "Args:":
        entries: list[tuple[str, list[str]]] = []
        for line in block[1:]:
            if argument := ARGUMENT.fullmatch(line):
                entries.append((argument[1], [argument[2]]))
            else:
                entries[-1][1].append(line.strip())
        return [".. rubric:: Parameters", "", *definitions(entries)]
    if len(block) > 1 and all(COLUMN.fullmatch(line) for line in block):
        return definitions([(match[1], [match[2]]) for line in block if (match := COLUMN.fullmatch(line))])
    if any(ITEM.match(line) for line in block):
        return items(block)
    lines = inline("\n".join(line.strip() for line in block)).splitlines()
    if block[0].startswith("Raises "):
        return [re.sub(r"(?<![\w.`])[A-Z]\w+(?!`)", lambda name: reference(name[0]), line) for line in lines]
    if block[0].startswith("Source: "):
        return [".. container:: source", "", *("   " + line for line in lines)]
    return lines


def translate(app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]) -> None:
    """Replaces the lines of a docstring by their translation, block by block."""
    blocks = [list(group) for has_text, group in groupby(lines, key=lambda line: bool(line.strip())) if has_text]
    lines[:] = [line for block in blocks for line in [*translated(block), ""]]


def as_written(
    app: Sphinx, what: str, name: str, value: Any, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Gives the signature with its types as the source has them: ArrayLike is short, the union behind it is not."""
    if signature is None:
        return None, None
    if getattr(value, "_is_protocol", False):
        return "", None
    try:
        plain = inspect.signature(value)  # annotations are not evaluated: they are strings
    except ValueError:
        return signature, returns
    if what == "method" and not inspect.ismethod(value):
        plain = plain.replace(parameters=list(plain.parameters.values())[1:])
    text = stringify_signature(plain, show_return_annotation=False)
    text = re.sub(r"<class '(?:\w+\.)*(\w+)'>", r"\1", text).replace("<factory>", "{}")
    answer = None if what in ("class", "exception") else plain.return_annotation
    return TYPE.sub(qualified, text), TYPE.sub(qualified, answer) if isinstance(answer, str) else None


def qualified(name: re.Match[str]) -> str:
    """The full name of a public class, which its type is linked by, or the name without its module."""
    return f"{HOMES[name[1]]}.{name[1]}" if name[1] in HOMES else name[1]


def skip(app: Sphinx, what: str, name: str, value: object, is_skipped: bool, options: object) -> bool | None:
    """Leaves out what an estimator has from scikit-learn: its own documentation describes it."""
    is_request = name.startswith("set_") and name.endswith("_request")
    return True if is_request or str(getattr(value, "__module__", "")).startswith("sklearn.") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Registers the three functions with autodoc."""
    app.connect("autodoc-process-docstring", translate)
    app.connect("autodoc-process-signature", as_written)
    app.connect("autodoc-skip-member", skip)
    return {"parallel_read_safe": True}
