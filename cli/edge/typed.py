"""The shapes that come again and again in Envoy's configuration."""

from collections.abc import Mapping
from typing import Any

Config = dict[str, Any]
"""A part of Envoy's configuration, in the JSON form of its protobuf messages."""


def typed(message: str, **fields: Any) -> Config:
    """Return a packed message: `message` is its protobuf name after `envoy.`."""
    return {"@type": f"type.googleapis.com/envoy.{message}", **fields}


def extension(name: str, message: str, **fields: Any) -> Config:
    """Return an extension (a filter, a monitor, a socket) with its packed configuration."""
    return {"name": name, "typed_config": typed(message, **fields)}


def seconds(value: float) -> str:
    """Return a duration as protobuf's JSON form writes it."""
    return f"{value:g}s"


def headers(values: Mapping[str, str]) -> list[Config]:
    """Return header options that replace what an earlier step has put there."""
    return [
        {"append_action": "OVERWRITE_IF_EXISTS_OR_ADD", "header": {"key": key, "value": value}}
        for key, value in values.items()
    ]
