"""An example of each body in the OpenAPI document, put together from those of its fields."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

Schema = Mapping[str, Any]

_BY_NAME: Mapping[str, object] = {
    "account_id": "acc_7bYq4mHeW2dnZ0aK1c2S",
    "user_id": "user_3kZc7YbQ4mHeW2dnZ0aK",
    "key_id": "key_5mHeW2dnZ0aK1c2S7bYq",
    "role_id": "role_2dnZ0aK1c2S7bYq4mHeW",
    "name": "chat",
    "email": "ada@example.com",
    "currency": "USD",
    "amount": "12.50",
    "subtotal": "12.50",
    "tax": "2.50",
    "total": "15.00",
    "time_zone": "Europe/Berlin",
    "address": "192.0.2.7",
    "url": "https://example.com/hook",
    "token_id": "player-7",
}
_BY_END: Mapping[str, object] = {
    "_epoch_seconds": 1_790_000_000,
    "_at": "2026-09-21T14:13:20Z",
    "_start": "2026-09-01T00:00:00Z",
    "_end": "2026-10-01T00:00:00Z",
}
_BY_TYPE: Mapping[str, object] = {"integer": 1, "number": 1.0, "boolean": False, "string": "text", "null": None}


class Examples:
    """Makes examples of the schemas of one document."""

    def __init__(self, schemas: Mapping[str, Schema]) -> None:
        self._schemas = schemas

    def of(self, schema: Schema, *, sent: bool, name: str = "") -> Any:  # noqa: ANN401 - whatever JSON there is
        """Return an example; of what is `sent` to the service, optional fields are in it that have one of their own."""
        schema = self._resolved(schema)
        if (told := _told(schema)) is not None:
            return told[0]
        if choices := _choices(schema):
            return self.of(choices[0], sent=sent, name=name)
        if "properties" in schema:
            return self._object(schema, sent=sent)
        if schema.get("type") == "array":
            return [self.of(schema["items"], sent=sent, name=name)]
        if schema.get("type") == "object":
            more = schema.get("additionalProperties")
            return {"publish": self.of(cast("Schema", more), sent=sent)} if isinstance(more, dict) else {}
        return _plain(schema, name)

    def _object(self, schema: Schema, *, sent: bool) -> dict[str, Any]:
        fields: Mapping[str, Schema] = schema["properties"]
        required: Sequence[str] = schema.get("required", ())
        shown = {name: field for name, field in fields.items() if not sent or name in required or self._is_told(field)}
        return {name: self.of(field, sent=sent, name=name) for name, field in shown.items()}

    def _is_told(self, schema: Schema) -> bool:
        return "examples" in schema or any("examples" in self._resolved(choice) for choice in _choices(schema))

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return schema


def _told(schema: Schema) -> Sequence[object] | None:
    if examples := schema.get("examples"):
        return examples
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")


def _choices(schema: Schema) -> Sequence[Schema]:
    every: Sequence[Schema] = next((schema[word] for word in ("anyOf", "oneOf", "allOf") if word in schema), ())
    return [choice for choice in every if choice.get("type") != "null"]


def _plain(schema: Schema, name: str) -> object:
    kind = schema.get("type", "string")
    known = _BY_NAME.get(name, next((value for end, value in _BY_END.items() if name.endswith(end)), None))
    if kind == "string" and isinstance(known, str):
        return known
    if kind == "integer":
        return known if isinstance(known, int) else int(schema.get("minimum", 1))
    return _BY_TYPE[kind]
