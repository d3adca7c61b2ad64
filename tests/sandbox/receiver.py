"""An application that receives callbacks: it answers as it is told, and remembers what came."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

PATIENCE = 60


@dataclass
class Post:
    path: str
    headers: dict[str, str]
    body: str
    method: str = "POST"

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body, keep_blank_values=True))


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    url: str
    posts: list[Post] = field(default_factory=list)
    answers: deque[Answer] = field(default_factory=deque)
    arrived: threading.Condition = field(default_factory=threading.Condition)
    released: threading.Event = field(default_factory=threading.Event)

    def await_posts(self, number: int) -> list[Post]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.posts) >= number, PATIENCE), self.posts
            return list(self.posts)


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


@contextmanager
def receiving() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.take(body)

        def do_GET(self) -> None:
            self.take("")

        def take(self, body: str) -> None:
            with receiver.arrived:
                receiver.posts.append(Post(self.path, dict(self.headers), body, self.command))
                answer = receiver.answers.popleft() if receiver.answers else status(204)
                receiver.arrived.notify_all()
            answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 128  # or a crowd at its door waits for seconds on a busy machine

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    # Whoever hangs up on a receiver is part of the tests, not a fault of the receiver.
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        thread.join()
        server.server_close()
