"""Downloads from a real HTTP server on a free port of this machine."""

from __future__ import annotations

import hashlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recommender.data.download import BASE_URL, CHECKSUMS, download
from recommender.errors import DataError, UsageError

CONTENT = bytes(range(256)) * 4096
NAME = "ml-latest-small"


@dataclass
class Server:
    """What the server has, how it misbehaves, and what it was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    #: Bytes after which each answer breaks off, first to last; none means whole.
    cuts: list[int | None] = field(default_factory=list)
    ranges: bool = True
    lengths: bool = True
    #: Whether answers that break off do so with a reset, or in the middle of a chunk.
    resets: bool = False
    chunked: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def publish(self, content: bytes) -> None:
        digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
        self.files[f"/{NAME}.zip"] = content
        self.files[f"/{NAME}.zip.md5"] = f"MD5 ({NAME}.zip) = {digest}\n".encode()

    def zips_asked(self) -> list[str | None]:
        return [wanted for path, wanted in self.asked if path.endswith(".zip")]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1" if server.chunked else "HTTP/1.0"

        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            server.asked.append((self.path, wanted))
            content = server.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if not server.ranges:
                start = 0
            if start and start >= len(content):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                last = len(content) - 1
                self.send_header("Content-Range", f"bytes {start}-{last}/{len(content)}")
            if server.chunked:
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"%x\r\n" % len(content) + content[:1000])
                return
            if server.lengths:
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            is_zip = self.path.endswith(".zip")
            cut = server.cuts.pop(0) if is_zip and server.cuts else None
            self.wfile.write(content[start:][:cut])
            if cut and server.resets:
                self.wfile.flush()
                no_wait = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_wait)
                self.connection.close()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    state = Server(**getattr(request, "param", {}))
    state.publish(CONTENT)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def test_a_download_is_verified_kept_and_not_repeated(tmp_path: Path, server: Server) -> None:
    calls: list[tuple[str, int, int | None]] = []
    folder = tmp_path / "new" / "downloads"
    path = download(NAME, folder, base_url=server.url, progress=lambda *call: calls.append(call))
    assert path == folder / "ml-latest-small.zip"
    assert path.read_bytes() == CONTENT
    assert sorted(p.name for p in folder.iterdir()) == [f"{NAME}.zip", f"{NAME}.zip.md5"]
    assert calls[-1] == ("downloading ml-latest-small.zip", len(CONTENT), len(CONTENT))
    assert [done for _, done, _ in calls] == sorted(done for _, done, _ in calls)
    server.files.clear()
    assert download(NAME, folder, base_url=server.url) == path
    assert len(server.zips_asked()) == 1


def test_what_an_earlier_run_left_is_resumed(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(CONTENT[:1000])
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked() == ["bytes=1000-"]


def test_a_server_without_ranges_starts_again(tmp_path: Path, server: Server) -> None:
    server.ranges = False
    (tmp_path / f"{NAME}.zip.part").write_bytes(CONTENT[:1000])
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked() == ["bytes=1000-"]


def test_a_complete_part_is_taken_as_it_is(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(CONTENT)
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked() == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_too_long_is_dropped(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(CONTENT + b"more")
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked() == [f"bytes={len(CONTENT) + 4}-", None]


def test_a_part_of_an_older_file_is_dropped(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{NAME}.zip.part").write_bytes(b"older" * 100)
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked() == ["bytes=500-", None]


def test_a_transfer_that_breaks_off_is_resumed_at_once(tmp_path: Path, server: Server) -> None:
    server.cuts = [300_000, 200_000]
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked() == [None, "bytes=300000-", "bytes=500000-"]


def test_a_transfer_that_keeps_breaking_off_says_how_far_it_came(
    tmp_path: Path, server: Server
) -> None:
    server.cuts = [100_000, 100_000]
    with pytest.raises(DataError, match=r"broke off after 200,000 of 1,048,576 bytes.*--data-path"):
        download(NAME, tmp_path, base_url=server.url, attempts=2)
    assert [p.name for p in tmp_path.iterdir()] == [f"{NAME}.zip.part"]
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert server.zips_asked()[-1] == "bytes=200000-"


def test_a_wrong_checksum_leaves_nothing(tmp_path: Path, server: Server) -> None:
    server.files[f"/{NAME}.zip"] = CONTENT[::-1]
    with pytest.raises(DataError, match=r"ml-latest-small\.zip: wrong checksum: the MD5 should be"):
        download(NAME, tmp_path, base_url=server.url)
    assert list(tmp_path.iterdir()) == []


def test_without_a_length_the_checksum_decides(tmp_path: Path, server: Server) -> None:
    server.lengths = False
    server.cuts = [1000]
    with pytest.raises(DataError, match="wrong checksum"):
        download(NAME, tmp_path, base_url=server.url)
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT


@pytest.mark.parametrize("server", [{"resets": True, "cuts": [500_000]}], indirect=True)
def test_a_connection_that_is_reset_is_resumed(tmp_path: Path, server: Server) -> None:
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT
    assert len(server.zips_asked()) == 2


@pytest.mark.parametrize("server", [{"chunked": True}], indirect=True)
def test_a_chunk_that_breaks_off_is_noticed(tmp_path: Path, server: Server) -> None:
    digest = server.files.pop(f"/{NAME}.zip.md5")
    part = tmp_path / f"{NAME}.zip.md5"
    part.write_bytes(digest)
    (tmp_path / f"{NAME}.zip").write_bytes(b"damaged")
    with pytest.raises(DataError, match="wrong checksum"):
        download(NAME, tmp_path, base_url=server.url, timeout=5)


def test_a_known_checksum_is_not_fetched(tmp_path: Path, server: Server) -> None:
    server.files["/ml-1m.zip"] = CONTENT
    with pytest.raises(DataError, match=r"ml-1m\.zip: wrong checksum: the MD5 should be c4d9ee"):
        download("ml-1m", tmp_path, base_url=server.url)
    assert [path for path, _ in server.asked] == ["/ml-1m.zip"]


def test_a_damaged_file_is_fetched_again(tmp_path: Path, server: Server) -> None:
    path = download(NAME, tmp_path, base_url=server.url)
    path.write_bytes(CONTENT[:-1])
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == CONTENT


def test_a_file_put_there_without_checksum_is_taken(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{NAME}.zip").write_bytes(b"by hand")
    assert download(NAME, tmp_path, base_url=server.url).read_bytes() == b"by hand"
    assert server.asked == []


def test_an_answer_that_is_no_checksum(tmp_path: Path, server: Server) -> None:
    server.files[f"/{NAME}.zip.md5"] = b"<html>maintenance</html>"
    with pytest.raises(DataError, match=r"small\.zip\.md5: holds no MD5 checksum .*maintenance"):
        download(NAME, tmp_path, base_url=server.url)


def test_a_server_that_refuses(tmp_path: Path, server: Server) -> None:
    server.files.clear()
    with pytest.raises(DataError, match=r"refuses the file \(found 404\).*--data-path"):
        download(NAME, tmp_path, base_url=server.url)


def test_a_server_that_cannot_be_reached(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(DataError, match=r"cannot be reached: .*--data-path"):
            download(NAME, tmp_path, base_url=url, timeout=5)


def test_a_server_that_falls_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(DataError, match=r"cannot be reached: .*timed out"):
            download(NAME, tmp_path, base_url=url, timeout=0.1)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"file: cannot be written"):
        download(NAME, tmp_path / "file", base_url="http://127.0.0.1:9")


def test_other_names_and_addresses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'ml-2m'.*Choose one of ml-latest-small, ml-100k"):
        download("ml-2m", tmp_path)
    with pytest.raises(UsageError, match="not an address of the web"):
        download(NAME, tmp_path, base_url="file:///etc")


def test_every_published_data_set_is_known() -> None:
    assert BASE_URL == "https://files.grouplens.org/datasets/movielens"
    assert set(CHECKSUMS) == {
        *("ml-latest-small", "ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m")
    }
    assert all(digest is None or len(digest) == 32 for digest in CHECKSUMS.values())
