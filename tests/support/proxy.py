"""A TCP proxy between a worker and its network, which breaks connections as it is told: `proxy.tell("cut_answer")`.

    pass            carry everything                 refuse         listen no more: the connection is refused
    reset           RST before a byte is read        cut_request    RST once the request's head has come
    cut_answer      carry the request, RST after the first bytes of the answer
    swallow         carry the request, never an answer
    black_hole      take the connection, read nothing, say nothing
    drip            carry the request, then one byte of the answer every 0.2 s

Each word is for one connection, in order; after them all is well. A held connection ends with `close` or `release`.
"""

import asyncio
import socket
import struct
import threading
from collections import Counter
from urllib.parse import urlsplit

DRIP_SECONDS = 0.2


class Proxy:
    """Listens on a free loopback port, on a loop in a thread of its own."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._to = (parts.hostname or "", parts.port or 80)
        self._told: list[str] = []
        self.seen: Counter[str] = Counter()
        self.url = ""

    def tell(self, *words: str) -> None:
        """Say what the next connections meet with."""
        self._told.extend(words)

    def serve(self) -> "Proxy":
        """Start and wait until it listens."""
        listening = threading.Event()

        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            self._over = asyncio.Event()
            self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
            self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
            listening.set()
            await self._over.wait()
            self._server.close()

        self._thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        self._thread.start()
        assert listening.wait(10)
        return self

    def close(self) -> None:
        """Listen no more and let go of what is held."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        word = self._told.pop(0) if self._told else "pass"
        self.seen[word] += 1
        try:
            if word == "reset":
                return
            if word == "black_hole":
                await self._over.wait()
                return
            request = await self._request(reader, whole=word != "cut_request")
            if word == "cut_request":
                return
            await self._pass_on(word, request, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            if word in {"reset", "cut_request", "cut_answer"}:
                _reset(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, *, whole: bool) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            ),
            0,
        )
        return head + (await reader.readexactly(length) if whole else b"")

    async def _pass_on(self, word: str, request: bytes, writer: asyncio.StreamWriter) -> None:
        up, down = await asyncio.open_connection(*self._to)
        down.write(request)
        answer = await up.read()
        down.close()
        if word == "swallow":
            await self._over.wait()
        elif word == "cut_answer":
            writer.write(answer[:20])
            await writer.drain()
        elif word == "drip":
            for index in range(len(answer)):
                writer.write(answer[index : index + 1])
                await writer.drain()
                await asyncio.sleep(DRIP_SECONDS)
        else:
            writer.write(answer)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Let closing the connection send a RST."""
    sock: socket.socket | None = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
