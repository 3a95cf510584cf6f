"""What a store that speaks S3 does with PUT, as far as it is relied on; each request's signature is reckoned anew."""

import hashlib
import hmac
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.http_stand_in import Request, answering, response

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

    def answer(self, request: Request) -> bytes:
        status = self._take(request.line, request.headers, request.body)
        code = {200: "", 403: "AccessDenied", 503: "SlowDown"}[status]
        body = f"<Error><Code>{code}</Code></Error>".encode() if code else b""
        return response(status, body, f'etag: "{hashlib.md5(request.body).hexdigest()}"\r\n')

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
    async with answering(stand_in.answer) as stand_in.url:
        yield stand_in
