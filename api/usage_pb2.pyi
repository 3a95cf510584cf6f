from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Batch(_message.Message):
    __slots__ = ("version", "router", "boot", "number", "previous", "minute", "words", "lines", "last", "gaps")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    ROUTER_FIELD_NUMBER: _ClassVar[int]
    BOOT_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    MINUTE_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    LINES_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    GAPS_FIELD_NUMBER: _ClassVar[int]
    version: int
    router: str
    boot: str
    number: int
    previous: bytes
    minute: int
    words: _containers.RepeatedScalarFieldContainer[str]
    lines: _containers.RepeatedCompositeFieldContainer[Line]
    last: bool
    gaps: _containers.RepeatedCompositeFieldContainer[Gap]
    def __init__(self, version: _Optional[int] = ..., router: _Optional[str] = ..., boot: _Optional[str] = ..., number: _Optional[int] = ..., previous: _Optional[bytes] = ..., minute: _Optional[int] = ..., words: _Optional[_Iterable[str]] = ..., lines: _Optional[_Iterable[_Union[Line, _Mapping]]] = ..., last: _Optional[bool] = ..., gaps: _Optional[_Iterable[_Union[Gap, _Mapping]]] = ...) -> None: ...

class Line(_message.Message):
    __slots__ = ("account", "cache", "meter", "principal", "messages", "bytes", "operations", "seconds", "peak")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    PRINCIPAL_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    OPERATIONS_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    PEAK_FIELD_NUMBER: _ClassVar[int]
    account: int
    cache: int
    meter: int
    principal: int
    messages: int
    bytes: int
    operations: int
    seconds: int
    peak: int
    def __init__(self, account: _Optional[int] = ..., cache: _Optional[int] = ..., meter: _Optional[int] = ..., principal: _Optional[int] = ..., messages: _Optional[int] = ..., bytes: _Optional[int] = ..., operations: _Optional[int] = ..., seconds: _Optional[int] = ..., peak: _Optional[int] = ...) -> None: ...

class Gap(_message.Message):
    __slots__ = ("account", "cache", "topic", "cause", "streams", "after", "until")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    STREAMS_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    account: int
    cache: int
    topic: int
    cause: int
    streams: int
    after: int
    until: int
    def __init__(self, account: _Optional[int] = ..., cache: _Optional[int] = ..., topic: _Optional[int] = ..., cause: _Optional[int] = ..., streams: _Optional[int] = ..., after: _Optional[int] = ..., until: _Optional[int] = ...) -> None: ...
