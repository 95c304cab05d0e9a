"""Titles such as ``Toy Story (1995)`` parted into title and year, and genres made uniform."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

#: The year at the end; ``(2006-2007)`` counts as its first year, ``(V)`` or ``(TV)`` may follow.
_YEAR = (
    r"^(?P<title>(?s:.*\S))\s*\((?P<year>(?:18|19|20)\d\d)(?:\s*[-\x{2013}]\s*(?:\d{4})?)?\)"
    r"\s*(?:\((?:V|TV|VG)\))?$"
)
_NO_GENRES = "(no genres listed)"


def split_titles(titles: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Part titles from years.

    Args:
        titles: Strings such as ``Toy Story (1995)``; a title without year is left as it is.

    Returns:
        Titles (string, without surrounding blanks) and years (int16, null where there is none).

    >>> names, years = split_titles(pa.chunked_array([["Toy Story (1995) ", "Babylon 5"]]))
    >>> names.to_pylist(), years.to_pylist()
    (['Toy Story', 'Babylon 5'], [1995, None])
    """
    trimmed = pc.utf8_trim_whitespace(titles)
    found = pc.extract_regex(trimmed, _YEAR)
    names = pc.coalesce(pc.struct_field(found, "title"), trimmed)
    return names, pc.struct_field(found, "year").cast(pa.int16())


def uniform_genres(genres: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return genres joined with ``|``, empty instead of MovieLens's words for none.

    >>> uniform_genres(pa.chunked_array([["Drama|War", "(no genres listed)"]])).to_pylist()
    ['Drama|War', '']
    """
    trimmed = pc.utf8_trim_whitespace(genres)
    return pc.if_else(pc.equal(trimmed, _NO_GENRES), "", trimmed)
