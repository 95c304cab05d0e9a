from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recommender.errors import UsageError
from recommender.inference import Recommender, SearchResults
from recommender.inference.catalogue import Catalogue, Credits
from recommender.inference.search.index import SearchIndex
from recommender.inference.search.names import names_of
from recommender.inference.search.question import MOST_LETTERS, MOST_WORDS, query_words
from recommender.inference.search.searcher import Searcher
from recommender.inference.search.text import plain_words, without_articles, words_of

TITLES = [
    ("Matrix, The", 1999),
    ("Matrix Reloaded, The", 2003),
    ("Seven Samurai (Shichinin no samurai)", 1954),
    ("Seven (a.k.a. Se7en)", 1995),
    ("Star Wars: Episode IV - A New Hope", 1977),
    ("Star Trek", 2009),
    ("Hamlet", 1948),
    ("Hamlet", 1996),
    ("Spider-Man", 2002),
    ("Amélie (Fabuleux destin d'Amélie Poulain, Le)", 2001),
    ("E.T. the Extra-Terrestrial", 1982),
    ("Rocky II", 1979),
    ("Kill Bill: Vol. 1", 2003),
    ("Pulp Fiction", 1994),
    ("千と千尋の神隠し", 2001),
    ("$", 1971),
    ("2001: A Space Odyssey", 1968),
    ("Man of War", 1990),
    ("Night Train", None),
    ("Adventure, The (Avventura, L')", 1960),
]
COUNTS = np.array([90, 50, 60, 80, 99, 40, 5, 20, 70, 65, 75, 30, 55, 95, 45, 1, 62, 3, 2, 7.0])
_KILL_BILL, _PULP = 12, 13


def _credits() -> Credits:
    texts = {kind: [""] * len(TITLES) for kind in ("directors", "cast", "keywords", "language")}
    texts["directors"][_KILL_BILL] = texts["directors"][_PULP] = "Quentin Tarantino"
    texts["cast"][_KILL_BILL], texts["cast"][_PULP] = "Uma Thurman", "Uma Thurman|Quentin Tarantino"
    texts["keywords"][_KILL_BILL], texts["keywords"][2] = "sword fight|revenge", "sword fight"
    return Credits.of(texts, [None] * len(TITLES))


CATALOGUE = Catalogue.of(
    [title for title, _ in TITLES],
    [""] * len(TITLES),
    [year for _, year in TITLES],
    _credits(),
)
INDEX = SearchIndex.of(CATALOGUE, COUNTS)
SEARCHER = Searcher(INDEX, CATALOGUE, np.arange(len(TITLES)))


def found(query: str, limit: int = 5) -> list[str]:
    return [TITLES[hit.movie_id][0] for hit in SEARCHER.search(query, limit).movies]


def marked(query: str) -> list[str]:
    hit = SEARCHER.search(query, 1).movies[0]
    title = TITLES[hit.movie_id][0]
    return [title[start:end] for start, end in hit.spans]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("the matrix", "Matrix, The"),
        ("Matrix, The", "Matrix, The"),
        ("MATRIX", "Matrix, The"),
        ("matrx", "Matrix, The"),
        ("mtarix", "Matrix, The"),
        ("matrrix", "Matrix, The"),
        ("natrix", "Matrix, The"),
        ("thematrix", "Matrix, The"),
        ("mat rix", "Matrix, The"),
        ("them atrix", "Matrix, The"),
        ("matrix relo", "Matrix Reloaded, The"),
        ("relodaed matrix", "Matrix Reloaded, The"),
        ("matrix 2003", "Matrix Reloaded, The"),
        ("samurai seven", "Seven Samurai (Shichinin no samurai)"),
        ("shichinin", "Seven Samurai (Shichinin no samurai)"),
        ("shichi", "Seven Samurai (Shichinin no samurai)"),
        ("shihcinin", "Seven Samurai (Shichinin no samurai)"),
        ("Seven Samurai (Shichinin no samurai)", "Seven Samurai (Shichinin no samurai)"),
        ("se7en", "Seven (a.k.a. Se7en)"),
        ("seven", "Seven (a.k.a. Se7en)"),
        ("wars star", "Star Wars: Episode IV - A New Hope"),
        ("star w", "Star Wars: Episode IV - A New Hope"),
        ("spiderm", "Spider-Man"),
        ("lavventura", "Adventure, The (Avventura, L')"),
        ("l'avventura", "Adventure, The (Avventura, L')"),
        ("avventura", "Adventure, The (Avventura, L')"),
        ("star t", "Star Trek"),
        ("spiderman", "Spider-Man"),
        ("spider man", "Spider-Man"),
        ("spidrman", "Spider-Man"),
        ("amelie", "Amélie (Fabuleux destin d'Amélie Poulain, Le)"),
        ("le fabuleux destin", "Amélie (Fabuleux destin d'Amélie Poulain, Le)"),
        ("et", "E.T. the Extra-Terrestrial"),
        ("e.t.", "E.T. the Extra-Terrestrial"),
        ("rocky 2", "Rocky II"),
        ("rockyI I", "Rocky II"),
        ("千尋", "千と千尋の神隠し"),
        ("$", "$"),
        ("2001", "2001: A Space Odyssey"),
        ("1954", "Seven Samurai (Shichinin no samurai)"),
        ("war man", "Man of War"),
        ("adventure t", "Adventure, The (Avventura, L')"),
        ("n", "Night Train"),
    ],
)
def test_a_movie_is_found_by_what_people_type(query: str, title: str) -> None:
    assert found(query)[0] == title


@pytest.mark.parametrize("query", ["", " ", "\n\t", "\u0301", "\ud800", "qqqqqqq", "\x00"])
def test_what_says_nothing_finds_nothing(query: str) -> None:
    assert SEARCHER.search(query, 10) == SearchResults()
    assert SEARCHER.movies(query).size == 0


def test_of_equal_titles_the_year_or_else_popularity_decides() -> None:
    years = [TITLES[hit.movie_id][1] for hit in SEARCHER.search("hamlet", 5).movies]
    assert years == [1996, 1948]
    assert TITLES[SEARCHER.search("hamlet 1948", 1).movies[0].movie_id][1] == 1948


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("matrix", ["Matrix"]),
        ("matr", ["Matr"]),
        ("matrx", ["Matrix"]),
        ("thematrix", ["Matrix", "The"]),
        ("fabuleux destin", ["Fabuleux", "destin"]),
        ("amelie", ["Amélie", "Amélie"]),
        ("spiderman", ["Spider-Man"]),
        ("rocky 2", ["Rocky", "II"]),
        ("e.t.", ["E.T"]),
        ("千尋", ["千", "千", "尋"]),
        ("tarantino", []),
        ("1954", []),
    ],
)
def test_what_was_found_is_marked_in_the_title(query: str, parts: list[str]) -> None:
    assert marked(query) == parts


@pytest.mark.parametrize(
    ("query", "matched", "found_in"),
    [
        ("pulp", "title", "Pulp Fiction"),
        ("shichinin", "original title", "Shichinin no samurai"),
        ("uma thurman", "person", "Uma Thurman"),
        ("revenge", "keyword", "revenge"),
        ("1954", "year", "1954"),
        ("matrix 1999", "title", "Matrix, The"),
    ],
)
def test_what_matched_is_said(query: str, matched: str, found_in: str) -> None:
    hit = SEARCHER.search(query, 1).movies[0]
    assert (hit.matched, hit.found_in) == (matched, found_in)


@pytest.mark.parametrize("query", ["tarantino", "Quentin Tarantino", "tarrantino", "taran"])
def test_a_person_is_found_with_their_movies(query: str) -> None:
    results = SEARCHER.search(query, 5)
    (person,) = results.people
    assert (person.name, person.roles, person.n_movies) == (
        "Quentin Tarantino",
        ("director", "cast"),
        2,
    )
    # The more popular one first.
    assert person.movie_ids == (_PULP, _KILL_BILL)
    assert [hit.movie_id for hit in results.movies] == [_PULP, _KILL_BILL]


@pytest.mark.parametrize("query", ["tarantino 1994", "pulp tarantino", "tarntino pulp fiction"])
def test_a_person_and_a_title_or_year_are_found_together(query: str) -> None:
    assert SEARCHER.search(query, 5).movies[0].movie_id == _PULP


def test_a_keyword_is_found_with_its_movies() -> None:
    results = SEARCHER.search("sword fight", 5)
    assert [(hit.keyword, hit.n_movies) for hit in results.keywords] == [("sword fight", 2)]
    assert {hit.movie_id for hit in results.movies} == {2, _KILL_BILL}


def test_a_list_is_as_long_as_was_asked_for_and_holds_each_movie_once() -> None:
    whole = found("s", 50)
    assert len(whole) == len(set(whole)) > 3
    assert found("s", 3) == whole[:3]
    scores = [hit.score for hit in SEARCHER.search("s", 50).movies]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0.0


@given(st.text(max_size=60) | st.from_regex(r"[a-z0-9 .*'\-]{0,40}"))
@settings(max_examples=60, deadline=None)
def test_any_text_can_be_typed(query: str) -> None:
    results = SEARCHER.search(query, 10)
    assert [hit.movie_id for hit in results.movies] == SEARCHER.movies(query)[:10].tolist()
    for hit in results.movies:
        title = TITLES[hit.movie_id][0]
        ends = [place for span in hit.spans for place in span]
        assert ends == sorted(ends)
        assert all(0 <= start < end <= len(title) for start, end in hit.spans)


def test_work_is_bounded_whatever_is_typed() -> None:
    assert len(query_words("x y " * 2500)) == MOST_WORDS
    assert len("".join(query_words("x" * 10_000))) == MOST_LETTERS
    assert found("matrix " * 1400)[0] == "Matrix, The"
    assert SEARCHER.search("x" * 10_000, 5).movies == ()


@given(st.sampled_from(TITLES), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_case_accents_articles_and_order_do_not_matter(
    film: tuple[str, int | None], random: object
) -> None:
    for name in names_of(film[0]):
        words = [word for word in plain_words(name.text) if word.isalnum()]
        assume(words)
        random.shuffle(words)  # type: ignore[attr-defined]
        ways = [" ".join(words), " ".join(words).upper(), "The " + " ".join(words)]
        tops = [SEARCHER.search(way, 3).movies for way in ways]
        assert film[0] in {TITLES[hit.movie_id][0] for hit in tops[0]}
        assert tops[0] == tops[1] == tops[2]


@given(
    st.lists(
        st.sampled_from(["dark", "night", "river", "lost", "of", "the", "war", "man"]),
        min_size=1,
        max_size=8,
    )
)
@settings(max_examples=25, deadline=None)
def test_the_exact_title_is_first(words: list[str]) -> None:
    title = " ".join(words)
    others = [f"{title} again", *(" ".join(words[:n]) for n in range(1, len(words))), "night"]
    titles = [*others, title]
    counts = np.arange(len(titles), 0, -1.0)
    catalogue = Catalogue.of(titles, [""] * len(titles), [None] * len(titles))
    searcher = Searcher(SearchIndex.of(catalogue, counts), catalogue, np.arange(len(titles)))
    top = titles[searcher.search(title, 1).movies[0].movie_id]
    assert without_articles(top.split()) == without_articles(words)


def test_the_same_catalogue_gives_the_same_bytes() -> None:
    first, again = INDEX.to_arrays(), SearchIndex.of(CATALOGUE, COUNTS).to_arrays()
    assert set(first) == set(again)
    for name, array in first.items():
        assert array.dtype == again[name].dtype
        assert array.tobytes() == again[name].tobytes()


def test_an_index_is_read_as_it_was_written() -> None:
    read = Searcher(SearchIndex.from_arrays(INDEX.to_arrays()), CATALOGUE, np.arange(len(TITLES)))
    for query in ("matrx", "uma", "sword", "1999", "the"):
        assert read.search(query, 10) == SEARCHER.search(query, 10)


def test_an_empty_catalogue_finds_nothing() -> None:
    nothing = Catalogue.of([], [], [])
    searcher = Searcher(SearchIndex.of(nothing, np.zeros(0)), nothing, np.zeros(0, dtype=np.int32))
    assert searcher.search("matrix", 5) == SearchResults()


@given(st.text(max_size=30) | st.from_regex(r"[A-Za-z.*·'& éIV-]{0,30}"))
@settings(max_examples=60, deadline=None)
def test_words_are_the_same_with_and_without_their_places(text: str) -> None:
    words = words_of(text)
    assert [word.text for word in words] == plain_words(text)
    places = [place for word in words for place in word.places]
    assert places == sorted(places)


def test_a_bundle_is_searched(served: Recommender) -> None:
    results = served.search("fiml 7")
    assert served.title(results.movies[0].movie_id) == "Film 7"
    assert served.search("actor 3").people[0].name == "Actor 3"
    assert served.search("space").keywords[0].n_movies == 15
    with pytest.raises(UsageError, match="at least 1"):
        served.search("film", 0)
