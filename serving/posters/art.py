"""A film's poster as SVG: a motif and colours by genre, the title, and chance by the title."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from serving.posters import motifs
from serving.posters.motifs import HEIGHT, WIDTH, Motif, Palette

#: Part of each address; raise it where the drawing changes.
EDITION = "1"
_LIGHT, _DARK = "#fbf6ea", "#231d16"
_STYLES: dict[str, tuple[tuple[Motif, ...], tuple[Palette, ...]]] = {
    "Horror": (
        (motifs.fangs, motifs.eye, motifs.trees),
        (
            Palette("#17131a", "#a8142c", "#e9dfd0", _LIGHT),
            Palette("#10201d", "#5d8f4e", "#e6e0c8", _LIGHT),
            Palette("#2b1030", "#b0528f", "#f3d9a8", _LIGHT),
            Palette("#1a1d2b", "#c8b89a", "#c2472f", _LIGHT),
        ),
    ),
    "Sci-Fi": (
        (motifs.orbits, motifs.plain),
        (
            Palette("#16244a", "#5cc6c4", "#f2c14e", _LIGHT),
            Palette("#2a1744", "#e07be0", "#ffd9a0", _LIGHT),
            Palette("#0f3a44", "#f2a65a", "#f6e7cb", _LIGHT),
            Palette("#3b1a2a", "#ff8f6b", "#9fd8cb", _LIGHT),
        ),
    ),
    "Western": (
        (motifs.mesa,),
        (
            Palette("#b3521f", "#f4d08a", "#4a2212", _LIGHT),
            Palette("#8a3b33", "#f2b277", "#33171a", _LIGHT),
        ),
    ),
    "Film-Noir": (
        (motifs.blinds, motifs.windows),
        (Palette("#17181b", "#d8d5c8", "#8f8f88", _LIGHT),),
    ),
    "Documentary": (
        (motifs.frames,),
        (
            Palette("#ddd5c2", "#3f6350", "#b9482c", _DARK),
            Palette("#cdd8d6", "#35506b", "#c06a2b", _DARK),
        ),
    ),
    "Animation": (
        (motifs.blocks,),
        (
            Palette("#0f6b7c", "#ffd166", "#ef6f6c", _LIGHT),
            Palette("#4b3f92", "#7fd1ae", "#ffb86b", _LIGHT),
        ),
    ),
    "Children": (
        (motifs.blocks,),
        (
            Palette("#1f7a68", "#ffd166", "#f28a5f", _LIGHT),
            Palette("#2f5fa8", "#ffe08a", "#ff8f8f", _LIGHT),
        ),
    ),
    "Musical": (
        (motifs.waves, motifs.petals),
        (
            Palette("#74204c", "#f9a945", "#ffe8d6", _LIGHT),
            Palette("#1d3a6b", "#f27ea9", "#ffe1a8", _LIGHT),
        ),
    ),
    "Romance": (
        (motifs.rings, motifs.petals),
        (
            Palette("#a8405a", "#f6c9c4", "#ffe3cf", _LIGHT),
            Palette("#7d3a63", "#f3b7c9", "#f9dfb8", _LIGHT),
        ),
    ),
    "War": (
        (motifs.stripes,),
        (
            Palette("#474b32", "#b9b586", "#d8573c", _LIGHT),
            Palette("#3a4248", "#a7b0ab", "#c9543a", _LIGHT),
        ),
    ),
    "Fantasy": (
        (motifs.crystal,),
        (
            Palette("#3d2c6b", "#f4b43c", "#f3e6ff", _LIGHT),
            Palette("#14535a", "#d9e28a", "#fff4d6", _LIGHT),
        ),
    ),
    "Mystery": (
        (motifs.keyhole, motifs.eye),
        (
            Palette("#392c57", "#c3a4e6", "#f5e6c0", _LIGHT),
            Palette("#1f3b3a", "#8fc4b1", "#f4e3b5", _LIGHT),
        ),
    ),
    "Crime": (
        (motifs.target, motifs.skyline, motifs.windows),
        (
            Palette("#242127", "#d3a03f", "#8c1d2f", _LIGHT),
            Palette("#20302c", "#c9b27c", "#a8402f", _LIGHT),
        ),
    ),
    "Action": (
        (motifs.burst, motifs.skyline),
        (
            Palette("#9c281d", "#e98a3a", "#fde8c4", _LIGHT),
            Palette("#273447", "#d9622f", "#f6d58f", _LIGHT),
        ),
    ),
    "Adventure": (
        (motifs.peaks, motifs.sails),
        (
            Palette("#195860", "#f2c14e", "#d7e4d0", _LIGHT),
            Palette("#31486b", "#f4a259", "#cfdbe8", _LIGHT),
        ),
    ),
    "Thriller": (
        (motifs.slashes, motifs.spiral),
        (
            Palette("#1e2430", "#c23b2d", "#e9e3d6", _LIGHT),
            Palette("#252b28", "#8f9e6c", "#e4d9b8", _LIGHT),
        ),
    ),
    "Comedy": (
        (motifs.confetti, motifs.scallops),
        (
            Palette("#f1b93c", "#d9502f", "#fff5dc", _DARK),
            Palette("#f3cdb4", "#2f7c78", "#e2603f", _DARK),
            Palette("#a9d0c2", "#e26d4f", "#fdf3dc", _DARK),
        ),
    ),
    "Drama": (
        (motifs.horizon, motifs.steps, motifs.windows),
        (
            Palette("#2d3d47", "#c9d3cb", "#df7b5c", _LIGHT),
            Palette("#4b2f3a", "#d9c2b8", "#e3a45b", _LIGHT),
            Palette("#2b4a45", "#cfe0cf", "#e8b267", _LIGHT),
            Palette("#39385a", "#cbc8e0", "#e58f7b", _LIGHT),
        ),
    ),
}
_OTHER = ((motifs.arcs,), (Palette("#40454f", "#aeb6c1", "#e0a458", _LIGHT),))
#: Width of a line in characters, the size of its letters, and the most lines.
_SIZES = ((9, 29, 3), (12, 23, 4), (15, 18.5, 5), (19, 14.5, 6))
_BOTTOM = 282.0


@dataclass(frozen=True)
class Film:
    """What a poster shows.

    Attributes:
        title: Of the film.
        year: Of its release, if it is known.
        genres: Of which there may be none.
    """

    title: str
    year: int | None
    genres: Sequence[str]

    @property
    def digest(self) -> str:
        """A short hash of all that the poster depends on."""
        text = "\n".join((EDITION, self.title, str(self.year), *self.genres))
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def poster(film: Film) -> str:
    """Return the poster as SVG; the same film has the same one, always and everywhere."""
    # Not for secrets: chance that is always the same.
    chance = random.Random(film.digest)  # noqa: S311
    motif, colours = _style(film.genres, chance)
    year = f"{film.year}" if film.year is not None else ""
    label = escape(film.title if film.year is None else f"{film.title} ({film.year})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{_quoted(label)}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{colours.ground}"/>'
        f"{motif(colours, chance)}"
        f'<rect y="203" width="{WIDTH}" height="97" fill="{colours.ground}"/>'
        f"<g fill=\"{colours.ink}\" font-family=\"'Iowan Old Style','Palatino Linotype',Palatino,"
        f"'URW Palladio L',P052,Georgia,serif\">{_title(film.title)}"
        f'<text x="16" y="294" font-size="9" letter-spacing="1.2" opacity=".8">'
        f"{escape(_footer(film.genres, year))}</text></g></svg>"
    )


def lines_of(title: str) -> tuple[list[str], float]:
    """Return a title broken into lines, and the size of its letters.

    >>> lines_of("The Good, the Bad and the Ugly")
    (['The Good, the', 'Bad and the', 'Ugly'], 18.5)
    >>> lines_of("Ran")
    (['Ran'], 29)
    """
    for width, size, most in _SIZES:
        lines = _wrapped(title, width)
        if len(lines) <= most and size * 1.12 * len(lines) <= _ROOM and _fits(lines, width):
            return lines, size
    width, size, most = _SIZES[-1]
    lines = _wrapped(title, width)[:most]
    return [*lines[:-1], lines[-1][: width - 1] + "…"], size


_ROOM = 76.0


def _fits(lines: Sequence[str], width: int) -> bool:
    return all(len(line) <= width for line in lines)


def _wrapped(title: str, width: int) -> list[str]:
    lines = [""]
    for word in title.split() or [""]:
        joined = f"{lines[-1]} {word}".strip()
        if len(joined) <= width or not lines[-1]:
            lines[-1] = joined
        else:
            lines.append(word)
    return lines


def _title(title: str) -> str:
    lines, size = lines_of(title)
    first = _BOTTOM - 4 - size * 1.12 * (len(lines) - 1)
    return "".join(
        f'<text x="16" y="{first + size * 1.12 * n:.1f}" font-size="{size}" font-weight="700">'
        f"{escape(line)}</text>"
        for n, line in enumerate(lines)
    )


def _style(genres: Sequence[str], chance: random.Random) -> tuple[Motif, Palette]:
    """Return a motif and colours of the two most telling genres: the table's order says which."""
    found = [style for name, style in _STYLES.items() if name in genres][:2] or [_OTHER]
    shapes = [motif for choice, _ in found for motif in choice]
    colours = [palette for _, choice in found for palette in choice]
    return chance.choice(shapes), chance.choice(colours)


def _footer(genres: Sequence[str], year: str) -> str:
    return " · ".join(filter(None, (year, *genres[:2]))).upper()


def _quoted(text: str) -> str:
    return text.replace('"', "&quot;")
