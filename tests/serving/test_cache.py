from __future__ import annotations

import os

import pytest

from serving.cache import ListCache
from serving.ids import new_id, new_list_id


def test_the_least_recently_used_goes_first() -> None:
    cache = ListCache(max_bytes=10_000)
    cache.put("a", 1, 4000)
    cache.put("b", 2, 4000)
    assert cache.get("a") == 1
    cache.put("c", 3, 3000)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]
    assert (cache.hits, cache.misses, len(cache)) == (3, 1, 2)


def test_what_is_old_is_not_returned() -> None:
    now = [0.0]
    cache = ListCache(ttl_seconds=10.0, clock=lambda: now[0])
    cache.put("a", 1, 100)
    now[0] = 9.9
    assert cache.get("a") == 1
    now[0] = 10.0
    assert cache.get("a") is None


def test_what_takes_more_room_than_there_is_is_not_kept() -> None:
    for room in (0, 10_000):
        cache = ListCache(max_bytes=room)
        cache.put("a", 1, 10_000)
        assert cache.get("a") is None


def test_what_is_put_again_counts_once() -> None:
    cache = ListCache(max_bytes=10_000)
    cache.put("b", 2, 2000)
    for value in range(10):
        cache.put("a", value, 4000)
    assert (cache.get("a"), cache.get("b"), len(cache)) == (9, 2, 2)
    cache.put("a", 10, 9000)
    assert (cache.get("a"), cache.get("b")) == (10, None)
    cache.clear()
    cache.put("c", 3, 9000)
    assert cache.get("c") == 3


def test_ids_differ_also_from_those_of_a_child() -> None:
    own = {new_id() for _ in range(1000)}
    assert len(own) == 1000
    assert {len(one) for one in own} == {32}
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)
    given = os.read(reading, 32).decode()
    assert given not in {new_id() for _ in range(1000)}
    os.close(reading)
    os.close(writing)


def test_ids_of_lists_rise_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter(range(1_800_000_000, 1_800_001_000, 10))
    monkeypatch.setattr("time.time", lambda: next(seconds))
    made = [new_list_id() for _ in range(100)]
    assert made == sorted(made)
    assert {len(one) for one in made} == {32}
    assert len({one[8:] for one in made}) == 100
