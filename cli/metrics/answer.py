"""The answer to whoever asks for `/metrics`."""

from api.grpc_asgi import Send

METRICS = "/metrics"
CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"


async def send_page(send: Send, text: str) -> None:
    """Answer with a page of numbers in Prometheus' text format."""
    body = text.encode()
    headers = [(b"content-type", CONTENT_TYPE), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
