"""The words of a page, one table for each language."""

from chainrule._internal.naming import resolve
from chainrule.explain.words.english import ENGLISH
from chainrule.explain.words.japanese import JAPANESE
from chainrule.explain.words.words import Words

LANGUAGES = {words.language: words for words in (ENGLISH, JAPANESE)}


def in_language(lang: str) -> Words:
    """Returns the words of a language, such as "en"; raises UnknownName for one that is not there."""
    return resolve("language", lang, LANGUAGES)


__all__ = ["LANGUAGES", "Words", "in_language"]
