"""What a store that speaks S3 does with PUT, as far as it is relied on; each request's signature is reckoned anew."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

ACCESS_KEY, SECRET_KEY, REGION = "AKIDSTANDIN", "a-secret-of-the-stand-in", "eu-test-1"


@dataclass
class S3StandIn:
    """Keeps what is put.

    Attributes:
        answers: A status for each request in turn; then all are taken.
        objects: By path: bucket and key.
        wrong: Signatures and digests that do not fit.
    """

    url: str = ""
    answers: list[int] = field(default_factory=list[int])
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    puts: list[str] = field(default_factory=list[str])
    wrong: list[str] = field(default_factory=list[str])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                line, *rest = head.strip().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
                if headers.get("expect"):
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                status = self._take(line, headers, body)
                code = {200: "", 403: "AccessDenied", 503: "SlowDown"}[status]
                answer = f"<Error><Code>{code}</Code></Error>".encode() if code else b""
                tag = f'etag: "{hashlib.md5(body).hexdigest()}"\r\n'
                writer.write(f"HTTP/1.1 {status} X\r\n{tag}content-length: {len(answer)}\r\n\r\n".encode() + answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass  # the client or the test is done
        finally:
            writer.close()

    def _take(self, line: str, headers: dict[str, str], body: bytes) -> int:
        method, path, _ = line.split(" ")
        if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            self.wrong.append(f"{path}: the digest is not that of the body")
        if headers["authorization"] != signature(method, path, headers):
            self.wrong.append(f"{path}: {headers['authorization']}")
        status = self.answers.pop(0) if self.answers else 200
        if method == "PUT" and status == 200:
            self.objects[path] = body
            self.puts.append(path)
        return status


def signature(method: str, path: str, headers: dict[str, str]) -> str:
    """Return what the header Authorization has to be, as the page "Signature Version 4" of S3 says."""
    path, _, query = path.partition("?")
    signed = headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    lines = "".join(f"{name}:{headers[name]}\n" for name in signed.split(";"))
    request = "\n".join([method, path, query, lines, signed, headers["x-amz-content-sha256"]])
    moment = headers["x-amz-date"]
    scope = f"{moment[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{SECRET_KEY}".encode()
    for part in (moment[:8], REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    found = hmac.digest(key, text.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{scope}, SignedHeaders={signed}, Signature={found}"


@asynccontextmanager
async def s3_stand_in() -> AsyncGenerator[S3StandIn]:
    """Serve on a free port."""
    stand_in = S3StandIn()
    server = await asyncio.start_server(stand_in.serve, "127.0.0.1", 0)
    stand_in.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield stand_in
    finally:
        server.close()
        await asyncio.sleep(0)
