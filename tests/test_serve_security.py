"""Who gets in, and what may be done: every row of docs/security.md is a test here."""

import io
import json
import logging
import os
import re
import socket
import ssl
import stat
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra 'serve' is not installed")

from clips import make_clip, some
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from heic import heic
from PIL import Image as Pillow
from serving import PATIENCE, Running, ask, jpeg, message, running, served
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from livevision import pictures, settings
from livevision.__main__ import main
from livevision.errors import UsageError
from livevision.frame import Image
from livevision.server import authority, keys, traces, trust
from livevision.server.roles import Role
from livevision.server.running import listen

DOCS = Path(__file__).parents[1] / "docs" / "security.md"
NAMES = authority.Names(("desk", "desk.local"), ("192.0.2.7",))


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEVISION_DATA", str(tmp_path / "data"))


@pytest.fixture(scope="module")
def shared() -> Iterator[Running]:
    with running() as server:
        yield server


def refused(server: Running, path: str, status: int = 403, /, **headers: str) -> httpx.Response:
    answer = server.get(path, None, headers=headers)
    assert answer.status_code == status, answer.text
    return answer


# ---- the rows of the table


def test_every_row_of_the_threat_table_is_a_test_here() -> None:
    named = re.findall(r"`(test_\w+)`", DOCS.read_text("utf-8"))
    here = {name for name in globals() if name.startswith("test_")}
    assert set(named) <= here
    assert len(set(named)) >= 20


def test_nobody_gets_in_without_the_key() -> None:
    with running() as server:
        for path in ("/", "/page/app.js", "/languages/en.json", "/overlay", "/video.mjpg"):
            refused(server, path)
        for path in ("/api/me", "/api/events", "/api/share", "/api/openapi.json", "/nothing"):
            refused(server, path)
        for path in ("/api/frame?session=abcdefgh", "/api/read", "/api/command"):
            assert server.post(path, None, content=b"x").status_code == 403
        with pytest.raises(InvalidStatus) as closed, server.stream(None):
            pass
        assert closed.value.response.status_code == 403
        assert server.sessions() == 0


def test_the_link_sets_a_cookie_and_the_key_leaves_the_address() -> None:
    with running() as server:
        answer = server.get(f"/?look=dark&token={server.key()}", None)
        assert (answer.status_code, answer.headers["location"]) == (303, "/?look=dark")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert server.key() not in cookie
        name, _, value = cookie.split(";")[0].partition("=")
        assert server.get("/", None, headers={"Cookie": f"{name}={value}"}).status_code == 200
        assert server.get("/", None, headers={"Cookie": f"{name}=x{value[1:]}"}).status_code == 403


@pytest.mark.parametrize("path", ["//evil.example/", "/%2F%2Fevil.example", "/\\evil.example"])
def test_the_link_leads_to_no_other_site(path: str, shared: Running) -> None:
    answer = shared.get(f"{path}?token={shared.key()}", None)
    assert answer.status_code == 303
    assert re.fullmatch(r"/[A-Za-z0-9._/-]*", answer.headers["location"])
    assert not answer.headers["location"].startswith("//")


def test_another_name_of_the_server_is_refused() -> None:
    with running(hosts={"counter.example"}) as server:
        bearer = server.bearer()
        for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", ""):
            refused(server, "/api/me", Host=host, **bearer)
            refused(server, "/api/health", Host=host)
        for host in ("localhost", f"127.0.0.1:{server.port}", "COUNTER.example", "[::1]:1"):
            refused(server, "/api/me", 200, Host=host, **bearer)
        with pytest.raises(InvalidStatus), server.stream(headers={"Host": "evil.example"}):
            pass


def test_a_host_given_twice_is_refused() -> None:
    with running() as server, socket.create_connection(("127.0.0.1", server.port), PATIENCE) as raw:
        raw.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n")
        assert raw.recv(100).split(b" ")[1] in (b"400", b"403")


def test_another_sites_page_is_refused() -> None:
    with running() as server:
        own = f"http://127.0.0.1:{server.port}"
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://localhost"):
            refused(server, "/api/me", Origin=origin, **server.cookie())
            with pytest.raises(InvalidStatus), server.stream(headers={"Origin": origin}):
                pass
        refused(server, "/api/me", 200, Origin=own, **server.cookie())
        with server.stream(None, headers={"Origin": own, **server.cookie()}) as socket_:
            assert ask(socket_, 0, 0.0, jpeg())["text"] == "A"


def test_another_port_of_this_machine_cannot_show_or_fetch_anything() -> None:
    with running() as server:
        cookie = server.cookie()  # browsers send it to every port
        for site in ("cross-site", "same-site"):
            for kind in ("image", "iframe", "script", "empty", "video"):
                more = {"Sec-Fetch-Site": site, "Sec-Fetch-Dest": kind}
                refused(server, "/video.mjpg", **more, **cookie)
                refused(server, "/", **more, **cookie)
        top = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"}
        refused(server, "/", 200, **top, **cookie)


def test_wrong_keys_have_to_wait() -> None:
    with running() as server:
        answers = [server.get(f"/?token=wrong{n}", None).status_code for n in range(12)]
        assert answers == [403] * keys.WRONG + [429] * 2
        assert server.get("/api/me", None, headers={"Authorization": "Bearer x"}).status_code == 429
        right = server.get(f"/?token={server.key()}", None)  # or guessing would go on behind it
        assert right.status_code == 429
        assert int(right.headers["retry-after"]) > 30
        refused(server, "/api/me", 200, **server.cookie())  # whoever was in stays in


def test_the_count_of_wrong_keys_ends_and_is_bounded() -> None:
    now = [0.0]
    attempts = keys.Attempts(lambda: now[0])
    for _ in range(keys.WRONG):
        attempts.wrong("a")
    assert attempts.wait("a") == keys.WINDOW
    assert attempts.wait("b") == 0
    now[0] = keys.WINDOW
    assert attempts.wait("a") == 0
    for number in range(3 * keys.ADDRESSES):
        attempts.wrong(str(number))
    assert len(attempts._wrong) == keys.ADDRESSES


def test_a_watchers_key_opens_captions_and_pictures_alone() -> None:
    with running() as server:
        watch = server.bearer(Role.WATCH)
        refused(server, "/overlay", 200, **watch)
        for path in ("/", "/api/me", "/api/share", "/api/openapi.json"):
            refused(server, path, **watch)
        for path in ("/api/frame?session=abcdefgh", "/api/read", "/api/command?session=abcdefgh"):
            assert server.post(path, Role.WATCH, content=b"x").status_code == 403
        with pytest.raises(InvalidStatus), server.stream(Role.WATCH):
            pass
        # players keep no cookies: there it may stay in the address, the owner's may not
        address = f"{server.base}/video.mjpg?token={server.key(Role.WATCH)}"
        with httpx.stream("GET", address, timeout=PATIENCE) as video:
            assert video.status_code == 200
        assert server.get(f"/video.mjpg?token={server.key()}", None).status_code == 303


def test_a_guests_key_opens_no_names_and_nothing_of_others() -> None:
    with running() as server, server.stream() as owners:
        ask(owners, 0, 0.0, jpeg())
        guest = server.bearer(Role.GUEST)
        for path in ("/api/share", "/api/openapi.json", "/api/share/0.svg"):
            refused(server, path, **guest)
        assert server.post("/api/read", Role.GUEST, content=jpeg()).status_code == 403
        session = server.server.streams.all()[0].id
        refused(server, f"/api/events?stream={session}", 404, **guest)
        refused(server, f"/video.mjpg?stream={session}", 404, **guest)
        with server.stream(Role.GUEST) as guests:
            assert "Ada" not in json.dumps(ask(guests, 0, 0.0, jpeg()))


def test_a_guest_is_not_shown_to_watchers() -> None:
    with running() as server, server.stream(Role.GUEST) as guests:
        ask(guests, 0, 0.0, jpeg())
        session = server.server.streams.all()[0].id
        refused(server, f"/api/events?stream={session}", 404, **server.bearer(Role.WATCH))
        assert server.server.streams.chosen("", Role.WATCH) is None


def test_only_files_of_the_page_are_served() -> None:
    with running() as server:
        bearer = server.bearer()
        for name in ("..%2Fkeys.py", "../app.py", "%2e%2e/app.py", "__init__.py", "app.py"):
            assert server.get(f"/page/{name}").status_code in (403, 404), name
            assert server.get(f"/languages/{name}").status_code in (403, 404), name
        raw = socket.create_connection(("127.0.0.1", server.port), PATIENCE)
        with raw:
            raw.sendall(
                f"GET /page/../../../etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: {bearer['Authorization']}\r\nConnection: close\r\n\r\n".encode()
            )
            assert b" 404 " in raw.recv(100)


def test_pages_may_do_what_they_need_alone() -> None:
    with running() as server:
        for answer in (server.get("/"), server.get("/", None), server.get("/api/me")):
            policy = answer.headers["content-security-policy"]
            for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
                assert rule in policy
            assert "unsafe" not in policy
            assert "*" not in policy
            allowed = answer.headers["permissions-policy"]
            assert "camera=(self)" in allowed
            assert "microphone=()" in allowed
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "access-control-allow-origin" not in answer.headers
            assert "server" not in answer.headers


def test_the_page_asks_nobody_else_and_holds_no_inline_script() -> None:
    page = Path(traces.__file__).parent / "page"
    for file in filter(Path.is_file, page.iterdir()):
        text = file.read_text("utf-8")
        addresses = set(re.findall(r"https?://[^\"'\s)<]+", text))
        assert addresses <= {"http://www.w3.org/2000/svg"}, file.name
        if file.suffix == ".html":
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style|\sstyle=", text), (
                file.name
            )
        if file.suffix == ".js":
            assert "innerHTML" not in text
            assert "eval(" not in text


@pytest.mark.parametrize(
    ("size", "status"), [((9000, 9000), 413), ((64, 48), 200)], ids=["too large", "fits"]
)
def test_a_pictures_size_is_known_before_it_is_decoded(
    size: tuple[int, int], status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = bytearray(jpeg((64, 48)))
    at = picture.index(b"\xff\xc0") + 5
    picture[at : at + 4] = size[1].to_bytes(2, "big") + size[0].to_bytes(2, "big")
    decoded: list[bytes] = []
    honest = pictures.decode

    def watched(body: bytes) -> Image:
        decoded.append(body)
        return honest(body)

    monkeypatch.setattr(pictures, "decode", watched)
    with running() as server:
        assert server.post("/api/read", content=bytes(picture)).status_code == status
        with server.stream() as socket_:
            socket_.send(message(0, 0.0, bytes(picture)))
            if status == 200:
                assert json.loads(socket_.recv(timeout=PATIENCE))["text"] == "A"
            else:
                with pytest.raises(ConnectionClosed) as closed:
                    socket_.recv(timeout=PATIENCE)
                assert some(closed.value.rcvd).code == 4400
        assert len(decoded) == (status == 200)


def test_pictures_come_in_through_the_one_door() -> None:
    """Upright, HEIC too, and what is damaged is told; the pictures' own door does all that."""
    turned = Pillow.Exif()
    turned[0x0112] = 6
    wide = Pillow.fromarray(np.full((48, 64, 3), 90, np.uint8))
    sent = {}
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        file = io.BytesIO()
        wide.save(file, kind, exif=turned)
        sent[kind] = file.getvalue()
    with running() as server:
        for kind, data in sent.items():
            answer = server.post("/api/read", content=data)
            assert answer.status_code == 200, kind
            face = next(each for each in answer.json()["detections"] if each["kind"] == "face")
            assert list(face["box"])[2:] == [48, 64], kind
        assert server.post("/api/read", content=heic(np.asarray(wide))).status_code == 200
        assert server.post("/api/read", content=sent["PNG"][:60]).status_code in (415, 422)
        assert server.post("/api/read", content=sent["JPEG"][:200]).status_code in (415, 422)


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<?xml version='1.0'?><MPD/>",
        b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n",
        b"GIF89a" + bytes(100),
        b"",
        bytes(1000),
    ],
)
def test_an_upload_that_could_name_other_files_is_refused(content: bytes) -> None:
    with running() as server:
        answer = server.post("/api/read", content=content, headers={"Content-Type": "video/mp4"})
        assert answer.status_code == 415
        assert not list(traces.prepare().glob("serve-upload-*"))


def test_an_upload_that_a_killed_server_left_is_erased_by_the_next() -> None:
    folder = traces.prepare()
    left, earlier, mine, others = (
        folder / f"{traces.UPLOAD}{name}.mp4"
        for name in (f"{2**22 + 1}-abc", "k3j_2a", f"{os.getpid()}-abc", "link")
    )
    for each in (left, earlier, mine):
        each.write_bytes(b"film")
    thesis = folder / "thesis.txt"
    thesis.write_text("mine")
    others.symlink_to(thesis)
    with running() as server:
        assert server.post("/api/read", content=jpeg()).status_code == 200
    assert not left.exists()
    assert not earlier.exists()
    assert mine.exists()  # of a server that runs
    assert not others.is_symlink()
    assert thesis.read_text() == "mine"
    mine.unlink()


def test_an_upload_for_which_there_is_no_room_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", count=5).read_bytes()

    def full(number: int, mode: str) -> Any:
        os.write(number, clip[:100])
        os.close(number)
        raise OSError(28, "No space left on device")

    with running() as server:
        with monkeypatch.context() as patched:
            patched.setattr(os, "fdopen", full)
            answer = server.post("/api/read", content=clip)
        assert answer.status_code == 507
        assert "No space left" in answer.json()["error"]
        assert str(traces.prepare()) not in answer.text
        assert not list(traces.prepare().glob("serve-upload-*"))
        assert server.post("/api/read", content=clip).status_code == 200


def test_an_upload_is_erased_once_it_was_read(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", count=5)
    with running() as server:
        answer = server.post("/api/read", content=clip.read_bytes())
        assert answer.status_code == 200
        assert (answer.json()["frames"], answer.json()["text"]) == (5, "AAAAA")
        broken = server.post("/api/read", content=clip.read_bytes()[:300])
        assert broken.status_code == 422
        assert str(tmp_path) not in broken.text
        assert not list(traces.prepare().glob("serve-upload-*"))


def test_a_body_that_is_too_long_or_too_slow_is_refused() -> None:
    with running() as server:
        path = "/api/frame?session=abcdefgh"
        assert server.post(path, content=bytes(3_000_000)).status_code == 413

        def parts() -> object:
            for _ in range(40):
                yield bytes(100_000)

        assert server.post(path, content=parts()).status_code == 413
        assert server.sessions() == 0


def test_one_who_does_not_read_is_let_go() -> None:
    from livevision.server.streams import Outbox

    async def fill() -> str | None:
        box = Outbox(lambda result: "x", size=3)
        for _ in range(4):
            box._add("x")
        assert await box.get() is None
        assert box.overflow
        return box.error

    import asyncio

    assert asyncio.run(fill())


def test_sessions_are_limited_for_everyone() -> None:
    with running(limit=1) as server, server.stream(Role.GUEST) as one:
        ask(one, 0, 0.0, jpeg())
        assert server.post("/api/read", content=jpeg()).status_code == 429
        with server.stream() as two, pytest.raises(ConnectionClosed) as closed:
            two.recv(timeout=PATIENCE)
        assert some(closed.value.rcvd).code == 4429


def test_no_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with running() as server:
        server.get(f"/?token={server.key()}", None)
        server.get("/?token=wrong-one", None)
        with server.stream() as socket_:
            ask(socket_, 0, 0.0, jpeg())
        address = f"ws://127.0.0.1:{server.port}/api/stream?token={server.key()}"
        with connect(address, compression=None) as socket_:
            ask(socket_, 0, 0.0, jpeg())
        # the client of this test logs its own requests, and so does its half of the socket
        ours = [each for each in caplog.records if not each.name.startswith(("httpx", "httpcore"))]
        said = "\n".join(each.getMessage() for each in ours if each.name != "websockets.client")
        assert server.key() not in said
        assert "wrong-one" not in said


def test_keys_are_kept_for_their_owner_alone_and_can_be_renewed() -> None:
    first = keys.kept()
    assert keys.kept() == first
    assert len({first.owner, first.guest, first.watch}) == 3
    if sys.platform != "win32":
        assert stat.S_IMODE(traces.keys().stat().st_mode) == 0o600
        assert stat.S_IMODE(settings.data_folder().stat().st_mode) == 0o700
    second = keys.kept(renew=True)
    assert not {second.owner, second.guest, second.watch} & {first.owner, first.guest, first.watch}
    assert second.role(first.owner) is None
    traces.keys().write_text('{"owner": "short"}')
    with pytest.raises(UsageError, match="--new-keys"):
        keys.kept()


def test_privacy_shows_and_erases_what_the_page_keeps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys.kept()
    own, _ = authority.kept(NAMES)
    authority.write_server(own, NAMES)
    (traces.prepare() / "serve-upload-x.mp4").write_bytes(b"x")
    assert main(["privacy"]) == 0
    shown = capsys.readouterr().out
    for what in ("keys to the page", "certificate authority", "upload that was not finished"):
        assert what in shown
    assert main(["privacy", "--erase", "--yes"]) == 0
    assert list(traces.own()) == []


def test_the_authority_is_private_expires_and_can_be_made_anew() -> None:
    now = datetime.now(UTC)
    first, fresh = authority.kept(NAMES, now=now)
    assert fresh
    if sys.platform != "win32":
        assert stat.S_IMODE(traces.authority_key().stat().st_mode) == 0o600
    again, fresh = authority.kept(NAMES, now=now)
    assert (again.fingerprint, fresh) == (first.fingerprint, False)
    assert first.certificate.not_valid_after_utc - now <= timedelta(days=366)
    late = now + timedelta(days=authority.AUTHORITY_DAYS - 10)
    assert authority.kept(NAMES, now=late)[1]
    assert authority.kept(NAMES, renew=True)[0].fingerprint != first.fingerprint
    moved = authority.Names(NAMES.names, ("192.0.2.8",))
    assert authority.kept(moved)[1]  # it vouches for no address of yesterday's


def test_the_authority_vouches_for_this_host_alone(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    own = authority.make(NAMES, now)
    good = own.server(NAMES, now)
    assert _verifies(own, good, "desk.local", tmp_path)
    assert _verifies(own, good, "192.0.2.7", tmp_path)
    assert not _verifies(own, good, "bank.example", tmp_path)
    for names in (
        authority.Names(("bank.example",), ()),
        authority.Names(("desk",), ("198.51.100.9",)),
    ):
        forged = own.server(names, now)  # whoever stole its key
        assert not _verifies(own, forged, names.all[-1], tmp_path)


def _verifies(own: authority.Authority, pair: tuple[bytes, bytes], name: str, folder: Path) -> bool:
    """Whether OpenSSL, as clients use it, takes the server for `name`: over a real handshake."""
    (folder / "chain.pem").write_bytes(pair[0])
    (folder / "key.pem").write_bytes(pair[1])
    (folder / "ca.pem").write_bytes(own.pem)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    client = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    ours, theirs = socket.socketpair()

    def answer() -> None:
        try:
            server.wrap_socket(theirs, server_side=True).close()
        except (ssl.SSLError, OSError):
            theirs.close()

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        client.wrap_socket(ours, server_hostname=name).close()
    except ssl.SSLCertVerificationError:
        return False
    finally:
        ours.close()
        thread.join(PATIENCE)
    return True


def test_how_to_trust_it_is_told_without_a_secret() -> None:
    own = authority.make(NAMES, datetime.now(UTC))
    page = trust.app(own, "https://192.0.2.7:8766/", ["127.0.0.1"])
    with served(page) as port:
        base = f"http://127.0.0.1:{port}"
        text = httpx.get(base, timeout=PATIENCE).text
        assert own.fingerprint in text
        for system in ("iPhone", "Android", "Windows", "macOS", "Firefox"):
            assert system in text
        fetched = httpx.get(f"{base}/livevision.crt", timeout=PATIENCE)
        assert fetched.headers["content-type"] == "application/x-x509-ca-cert"
        assert x509.load_der_x509_certificate(fetched.content) == own.certificate
        assert httpx.get(f"{base}/page/trust.css", timeout=PATIENCE).status_code == 200
        assert (
            httpx.get(base, headers={"Host": "evil.example"}, timeout=PATIENCE).status_code == 403
        )
        for path in ("/api/me", "/page/app.js", "/serve-keys.json"):
            assert httpx.get(base + path, timeout=PATIENCE).status_code == 404
        private = own.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        assert private.splitlines()[1].decode() not in text


def test_the_loopback_alone_is_listened_to_unless_told_otherwise() -> None:
    from livevision.__main__ import parse

    arguments = parse(["serve"])
    assert (arguments.bind, arguments.lan, arguments.faces) == ("127.0.0.1", False, None)
    with pytest.raises(UsageError, match="--allowed-host"):
        parse(["serve", "--allowed-host", "http://x/"]).execute(
            parse(["serve", "--allowed-host", "http://x/"])
        )
    taken = listen("127.0.0.1", 0)
    with taken, pytest.raises(UsageError, match="--port"):
        listen("127.0.0.1", taken.getsockname()[1])
