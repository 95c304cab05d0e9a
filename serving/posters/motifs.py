"""What is drawn on a poster, one motif a genre: plain shapes on a field of 200 by 300.

A motif gets the colours and a source of chance that is the title's own, so that two films of one
genre are kin and not the same, and one film always looks as it did.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

WIDTH, HEIGHT = 200, 300


@dataclass(frozen=True)
class Palette:
    """The colours of a poster.

    Attributes:
        ground: Of the field.
        shape: Of most shapes.
        accent: Of the others.
        ink: Of the title; readable on the ground.
    """

    ground: str
    shape: str
    accent: str
    ink: str


Motif = Callable[[Palette, random.Random], str]


def horizon(colours: Palette, chance: random.Random) -> str:
    """Return a low sun over the water: drama."""
    x, y, r = chance.randint(70, 130), chance.randint(95, 120), chance.randint(42, 60)
    bands = "".join(
        f'<rect x="{x - r + 6 * n}" y="{y + 10 + 13 * n}" width="{2 * (r - 6 * n)}" height="5" '
        f'fill="{colours.ground}"/>'
        for n in range(4)
    )
    return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{colours.accent}"/>{bands}' + (
        f'<path d="M0 {y + 62}q50 -14 100 0t100 0v200h-200z" fill="{colours.shape}" opacity=".28"/>'
    )


def confetti(colours: Palette, chance: random.Random) -> str:
    """Return tumbling dots and quarter circles: comedy."""
    shapes = []
    for row in range(4):
        for column in range(4):
            x, y = 25 + 50 * column, 25 + 48 * row
            fill = chance.choice((colours.shape, colours.accent, colours.ink))
            if chance.random() < _HALF:
                shapes.append(
                    f'<circle cx="{x}" cy="{y}" r="{chance.randint(9, 20)}" fill="{fill}"/>'
                )
            else:
                turn = chance.choice((0, 90, 180, 270))
                shapes.append(
                    f'<path transform="rotate({turn} {x} {y})" d="M{x - 20} {y + 20}v-40'
                    f'a40 40 0 0 1 40 40z" fill="{fill}"/>'
                )
    return "".join(shapes)


def slashes(colours: Palette, chance: random.Random) -> str:
    """Return a field cut by diagonals: thriller."""
    cut = chance.randint(30, 110)
    return "".join(
        f'<path d="M{-40 + 34 * n} 205L{cut + 34 * n} -5h9L{-31 + 34 * n} 205z" '
        f'fill="{colours.shape if n % 3 else colours.accent}"/>'
        for n in range(-1, 7)
    )


def rings(colours: Palette, chance: random.Random) -> str:
    """Return two circles that meet: romance."""
    y, r = chance.randint(90, 115), chance.randint(48, 58)
    shift = chance.randint(24, 34)
    left, right = 100 - shift, 100 + shift
    half = math.sqrt(r * r - shift * shift)
    lens = f"M100 {y - half:.1f}A{r} {r} 0 0 1 100 {y + half:.1f}A{r} {r} 0 0 1 100 {y - half:.1f}z"
    return (
        f'<circle cx="{left}" cy="{y}" r="{r}" fill="{colours.shape}"/>'
        f'<circle cx="{right}" cy="{y}" r="{r}" fill="{colours.accent}" opacity=".85"/>'
        f'<path d="{lens}" fill="{colours.ground}"/>'
    )


def peaks(colours: Palette, chance: random.Random) -> str:
    """Return mountains and a sun: adventure."""
    sun = f'<circle cx="{chance.randint(40, 160)}" cy="52" r="24" fill="{colours.shape}"/>'
    top, other = chance.randint(60, 85), chance.randint(85, 115)
    x = chance.randint(50, 90)
    return (
        f"{sun}"
        f'<path d="M{x - 90} 205L{x + 70} {other}L{x + 200} 205z" fill="{colours.accent}" '
        'opacity=".45"/>'
        f'<path d="M{x - 80} 205L{x} {top}L{x + 95} 205z" fill="{colours.accent}" opacity=".8"/>'
        f'<path d="M{x} {top}l-17 24l9 -4l8 9l9 -8l9 5z" fill="{colours.ground}"/>'
    )


def target(colours: Palette, chance: random.Random) -> str:
    """Return a wheel of chance: crime."""
    x, y = chance.randint(80, 120), chance.randint(90, 110)
    wedges = ""
    for n in range(12):
        a, b = math.tau * n / 12, math.tau * (n + 1) / 12
        fill = colours.shape if n % 2 else colours.accent
        wedges += (
            f'<path d="M{x} {y}L{x + 78 * math.cos(a):.1f} {y + 78 * math.sin(a):.1f}'
            f'A78 78 0 0 1 {x + 78 * math.cos(b):.1f} {y + 78 * math.sin(b):.1f}z" fill="{fill}"/>'
        )
    return wedges + f'<circle cx="{x}" cy="{y}" r="34" fill="{colours.ground}"/>'


def burst(colours: Palette, chance: random.Random) -> str:
    """Return rays: action."""
    x, y, n_rays = chance.randint(60, 140), chance.randint(80, 120), chance.choice((14, 18, 22))
    rays = ""
    for n in range(n_rays):
        a, b = math.tau * n / n_rays, math.tau * (n + 0.5) / n_rays
        rays += (
            f'<path d="M{x} {y}L{x + 260 * math.cos(a):.1f} {y + 260 * math.sin(a):.1f}'
            f'L{x + 260 * math.cos(b):.1f} {y + 260 * math.sin(b):.1f}z"/>'
        )
    core = f'<circle cx="{x}" cy="{y}" r="{chance.randint(22, 34)}" fill="{colours.accent}"/>'
    return f'<g fill="{colours.shape}" opacity=".75">{rays}</g>{core}'


def orbits(colours: Palette, chance: random.Random) -> str:
    """Return a planet and its moons: science fiction."""
    x, y = chance.randint(75, 125), chance.randint(85, 115)
    lines, moons = "", ""
    for n, r in enumerate((38, 58, 80, 104)):
        lines += f'<circle cx="{x}" cy="{y}" r="{r}"/>'
        angle = chance.random() * math.tau
        moons += (
            f'<circle cx="{x + r * math.cos(angle):.1f}" cy="{y + r * math.sin(angle):.1f}" '
            f'r="{chance.randint(3, 8)}" fill="{colours.accent if n % 2 else colours.shape}"/>'
        )
    return (
        f'<g fill="none" stroke="{colours.shape}" stroke-width="1.2" opacity=".55">{lines}</g>'
        f'<circle cx="{x}" cy="{y}" r="24" fill="{colours.shape}"/>{moons}'
    )


def keyhole(colours: Palette, chance: random.Random) -> str:
    """Return light through a keyhole: mystery."""
    x, y = chance.randint(85, 115), chance.randint(75, 92)
    return (
        f'<circle cx="{x}" cy="{y + 22}" r="82" fill="{colours.shape}" opacity=".22"/>'
        f'<circle cx="{x}" cy="{y + 22}" r="60" fill="{colours.shape}" opacity=".35"/>'
        f'<circle cx="{x}" cy="{y}" r="25" fill="{colours.accent}"/>'
        f'<path d="M{x - 11} {y + 12}h22l14 66h-50z" fill="{colours.accent}"/>'
    )


def crystal(colours: Palette, chance: random.Random) -> str:
    """Return a star of many points: fantasy."""
    x, y, points = 100, chance.randint(88, 108), chance.choice((6, 8, 10))
    path = ""
    for n in range(2 * points):
        r = 84 if n % 2 == 0 else chance.randint(26, 40)
        a = math.tau * n / (2 * points) - math.pi / 2
        path += f"{'L' if n else 'M'}{x + r * math.cos(a):.1f} {y + r * math.sin(a):.1f}"
    return (
        f'<path d="{path}z" fill="{colours.shape}"/>'
        f'<circle cx="{x}" cy="{y}" r="17" fill="{colours.ground}"/>'
        f'<circle cx="{x}" cy="{y}" r="8" fill="{colours.accent}"/>'
    )


def stripes(colours: Palette, chance: random.Random) -> str:
    """Return chevrons on the march: war."""
    x = chance.randint(-20, 20)
    return "".join(
        f'<path d="M{x - 20} {26 + 34 * n}l{120} -30l{120} 30v17l-120 -30l-120 30z" '
        f'fill="{colours.accent if n == _THIRD else colours.shape}" opacity="{1 - 0.13 * n:.2f}"/>'
        for n in range(6)
    )


def fangs(colours: Palette, chance: random.Random) -> str:
    """Return teeth that close: horror."""
    upper, lower, x = "M0 0", "M0 205", 0
    while x < WIDTH:
        step = chance.randint(18, 34)
        upper += f"L{x + step / 2} {chance.randint(60, 112)}L{x + step} 0"
        lower += f"L{x + step / 2} {205 - chance.randint(30, 78)}L{x + step} 205"
        x += step
    moon = f'<circle cx="{chance.randint(60, 140)}" cy="118" r="26" fill="{colours.accent}"/>'
    return (
        f'{moon}<path d="{upper}V0z" fill="{colours.shape}"/>'
        f'<path d="{lower}V205z" fill="{colours.shape}" opacity=".8"/>'
    )


def blocks(colours: Palette, chance: random.Random) -> str:
    """Return building blocks: animation and children's films."""
    shapes = []
    for row in range(3):
        for column in range(3):
            x, y = 22 + 54 * column, 18 + 58 * row
            fill = chance.choice((colours.shape, colours.accent, colours.ink))
            kind = chance.randrange(3)
            if kind == 0:
                shapes.append(
                    f'<rect x="{x}" y="{y}" width="46" height="46" rx="12" fill="{fill}"/>'
                )
            elif kind == 1:
                shapes.append(f'<circle cx="{x + 23}" cy="{y + 23}" r="23" fill="{fill}"/>')
            else:
                shapes.append(
                    f'<path d="M{x} {y + 46}L{x + 23} {y}L{x + 46} {y + 46}z" fill="{fill}"/>'
                )
    return "".join(shapes)


def waves(colours: Palette, chance: random.Random) -> str:
    """Return a rhythm of bars: musical."""
    bars = ""
    for n in range(9):
        high = chance.randint(40, 165)
        fill = colours.accent if chance.random() < _RARE else colours.shape
        bars += (
            f'<rect x="{15 + 19 * n}" y="{100 - high / 2}" width="12" height="{high}" rx="6" '
            f'fill="{fill}"/>'
        )
    return bars


def frames(colours: Palette, chance: random.Random) -> str:
    """Return a strip of film: documentary."""
    strip = ""
    lit = chance.randrange(6)
    for n in range(6):
        x, y = 34 + 70 * (n % 2), 16 + 62 * (n // 2)
        fill = colours.accent if n == lit else colours.shape
        strip += f'<rect x="{x}" y="{y}" width="62" height="52" rx="3" fill="{fill}"/>'
    holes = "".join(
        f'<rect x="{x}" y="{18 + 19 * n}" width="9" height="9" rx="2" fill="{colours.ink}"/>'
        for x in (13, 178)
        for n in range(10)
    )
    return strip + holes


def mesa(colours: Palette, chance: random.Random) -> str:
    """Return the sun behind table mountains: western."""
    x, left = chance.randint(70, 130), chance.randint(10, 40)
    return (
        f'<circle cx="{x}" cy="100" r="56" fill="{colours.shape}"/>'
        f'<path d="M0 205V150h{left}l8 -46h44l8 46h40l6 -26h34l8 26h80v55z" '
        f'fill="{colours.accent}"/>'
    )


def blinds(colours: Palette, chance: random.Random) -> str:
    """Return light through blinds: film noir."""
    slant = chance.randint(-18, 18)
    slats = "".join(
        f'<path d="M24 {30 + 19 * n}L176 {30 + 19 * n + slant}v9L24 {39 + 19 * n}z" '
        f'fill="{colours.shape}" opacity="{0.9 - 0.08 * n:.2f}"/>'
        for n in range(9)
    )
    x = chance.randint(70, 130)
    figure = (
        f'<path d="M{x - 26} 205v-52q0 -22 26 -24q26 2 26 24v52z" fill="{colours.ground}"/>'
        f'<ellipse cx="{x}" cy="106" rx="30" ry="5" fill="{colours.ground}"/>'
        f'<path d="M{x - 18} 106q2 -24 18 -24t18 24z" fill="{colours.ground}"/>'
        f'<circle cx="{x}" cy="118" r="13" fill="{colours.ground}"/>'
    )
    return slats + figure


def arcs(colours: Palette, chance: random.Random) -> str:
    """Return arcs: any other film."""
    x = chance.choice((0, WIDTH))
    return "".join(
        f'<circle cx="{x}" cy="205" r="{r}" fill="none" stroke-width="14" '
        f'stroke="{colours.accent if n % 3 == 1 else colours.shape}"/>'
        for n, r in enumerate(range(30, 200, 28))
    )


def eye(colours: Palette, chance: random.Random) -> str:
    """Return an eye that looks: horror, mystery."""
    y, look = chance.randint(92, 112), chance.randint(-16, 16)
    lids = f"M12 {y}Q100 {y - 96} 188 {y}Q100 {y + 96} 12 {y}z"
    return (
        f'<path d="{lids}" fill="{colours.accent}"/>'
        f'<circle cx="{100 + look}" cy="{y}" r="38" fill="{colours.shape}"/>'
        f'<circle cx="{100 + look}" cy="{y}" r="17" fill="{colours.ground}"/>'
        f'<circle cx="{93 + look}" cy="{y - 9}" r="5" fill="{colours.accent}"/>'
    )


def trees(colours: Palette, chance: random.Random) -> str:
    """Return bare trunks before the moon: horror."""
    moon = f'<circle cx="{chance.randint(55, 145)}" cy="74" r="36" fill="{colours.accent}"/>'
    x, trunks = 6, ""
    while x < WIDTH:
        wide, top = chance.randint(5, 13), chance.randint(0, 40)
        fork = chance.choice((-16, 16))
        trunks += (
            f'<path d="M{x} 205V{top}h{wide}V205z" fill="{colours.shape}"/>'
            f'<path d="M{x + wide / 2} {top + 74}l{fork} -34" stroke="{colours.shape}" '
            'stroke-width="4"/>'
        )
        x += wide + chance.randint(14, 30)
    return moon + trunks


def windows(colours: Palette, chance: random.Random) -> str:
    """Return a house at night with some windows lit: drama, crime."""
    panes = ""
    for row in range(4):
        for column in range(4):
            lit = chance.random() < _LIT
            panes += (
                f'<rect x="{30 + 37 * column}" y="{18 + 45 * row}" width="28" height="34" '
                f'fill="{colours.accent if lit else colours.shape}" '
                f'opacity="{1 if lit else 0.28}"/>'
            )
    return panes


def steps(colours: Palette, chance: random.Random) -> str:
    """Return a stair that climbs: drama."""
    flip = chance.random() < _HALF
    stair = "".join(
        f'<rect x="{20 * n}" y="{178 - 19 * n}" width="20" height="{27 + 19 * n}" '
        f'fill="{colours.shape}" opacity="{0.35 + 0.065 * n:.2f}"/>'
        for n in range(10)
    )
    sun = f'<circle cx="{chance.randint(40, 70)}" cy="58" r="27" fill="{colours.accent}"/>'
    turn = f' transform="translate({WIDTH} 0) scale(-1 1)"' if flip else ""
    return f"<g{turn}>{stair}{sun}</g>"


def spiral(colours: Palette, chance: random.Random) -> str:
    """Return a spiral: thriller."""
    x, y, turn = chance.randint(85, 115), chance.randint(90, 110), chance.random() * math.tau
    points = []
    for n in range(140):
        r, a = 0.62 * n, turn + 0.2 * n
        points.append(f"{x + r * math.cos(a):.1f} {y + r * math.sin(a):.1f}")
    line = "M" + "L".join(points)
    return (
        f'<path d="{line}" fill="none" stroke="{colours.shape}" stroke-width="8"/>'
        f'<circle cx="{x}" cy="{y}" r="9" fill="{colours.accent}"/>'
    )


def skyline(colours: Palette, chance: random.Random) -> str:
    """Return a city: crime, action."""
    x, houses = 0, ""
    while x < WIDTH:
        wide, high = chance.randint(18, 38), chance.randint(40, 150)
        fill = colours.accent if chance.random() < _RARE else colours.shape
        houses += (
            f'<rect x="{x}" y="{205 - high}" width="{wide}" height="{high}" fill="{fill}" '
            f'opacity="{chance.uniform(0.55, 1):.2f}"/>'
        )
        x += wide + 3
    moon = f'<circle cx="{chance.randint(40, 160)}" cy="38" r="20" fill="{colours.ink}"/>'
    return moon + houses


def plain(colours: Palette, chance: random.Random) -> str:
    """Return a sun over a grid without end: science fiction."""
    x = chance.randint(70, 130)
    sun = f'<circle cx="{x}" cy="88" r="50" fill="{colours.accent}"/>'
    rays = "".join(f'<path d="M{x} 120L{x + 46 * n} 205"/>' for n in range(-8, 9))
    rows = "".join(f'<path d="M0 {126 + 5 * n * (n + 1) / 2}H200"/>' for n in range(6))
    return (
        f'{sun}<rect y="124" width="200" height="81" fill="{colours.ground}"/>'
        f'<g stroke="{colours.shape}" stroke-width="1.4" fill="none">{rays}{rows}</g>'
    )


def petals(colours: Palette, chance: random.Random) -> str:
    """Return a flower: romance, musical."""
    x, y, n_petals = 100, chance.randint(92, 108), chance.choice((6, 8, 9))
    leaves = "".join(
        f'<ellipse cx="{x}" cy="{y - 44}" rx="{chance.randint(17, 21)}" ry="44" '
        f'transform="rotate({360 * n / n_petals:.1f} {x} {y})" '
        f'fill="{colours.shape if n % 2 else colours.accent}" opacity=".8"/>'
        for n in range(n_petals)
    )
    return f'{leaves}<circle cx="{x}" cy="{y}" r="15" fill="{colours.ground}"/>'


def sails(colours: Palette, chance: random.Random) -> str:
    """Return sails on a swell: adventure."""
    x = chance.randint(80, 120)
    return (
        f'<circle cx="{chance.choice((38, 162))}" cy="46" r="20" fill="{colours.shape}"/>'
        f'<path d="M{x} 28V150H{x - 58}z" fill="{colours.accent}"/>'
        f'<path d="M{x + 6} 52V150h46z" fill="{colours.shape}"/>'
        f'<path d="M{x - 66} 158h124l-18 24h-84z" fill="{colours.accent}" opacity=".75"/>'
        f'<path d="M0 184q25 -16 50 0t50 0t50 0t50 0v30H0z" fill="{colours.shape}" opacity=".5"/>'
    )


def scallops(colours: Palette, chance: random.Random) -> str:
    """Return rows of half circles: comedy."""
    shift = chance.choice((0, 20))
    return "".join(
        f'<path d="M{40 * column - shift - 20 * (row % 2)} {28 + 36 * row}'
        f'a20 20 0 0 1 40 0z" '
        f'fill="{chance.choice((colours.shape, colours.accent, colours.ink))}"/>'
        for row in range(5)
        for column in range(7)
    )


#: How often, where chance decides.
_LIT, _HALF, _RARE = 0.32, 0.5, 0.25
_THIRD = 2
