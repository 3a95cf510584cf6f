from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Topic(_message.Message):
    __slots__ = ("account", "cache", "name", "durable")
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    CACHE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    DURABLE_FIELD_NUMBER: _ClassVar[int]
    account: str
    cache: str
    name: str
    durable: bool
    def __init__(self, account: _Optional[str] = ..., cache: _Optional[str] = ..., name: _Optional[str] = ..., durable: _Optional[bool] = ...) -> None: ...

class RouterBatch(_message.Message):
    __slots__ = ("requests", "map_version", "link", "reads", "publishes")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    MAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    LINK_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    PUBLISHES_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[Request]
    map_version: int
    link: str
    reads: int
    publishes: bytes
    def __init__(self, requests: _Optional[_Iterable[_Union[Request, _Mapping]]] = ..., map_version: _Optional[int] = ..., link: _Optional[str] = ..., reads: _Optional[int] = ..., publishes: _Optional[bytes] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("id", "publish", "subscribe", "unsubscribe", "recall")
    ID_FIELD_NUMBER: _ClassVar[int]
    PUBLISH_FIELD_NUMBER: _ClassVar[int]
    SUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    UNSUBSCRIBE_FIELD_NUMBER: _ClassVar[int]
    RECALL_FIELD_NUMBER: _ClassVar[int]
    id: int
    publish: Publish
    subscribe: Subscribe
    unsubscribe: Unsubscribe
    recall: Recall
    def __init__(self, id: _Optional[int] = ..., publish: _Optional[_Union[Publish, _Mapping]] = ..., subscribe: _Optional[_Union[Subscribe, _Mapping]] = ..., unsubscribe: _Optional[_Union[Unsubscribe, _Mapping]] = ..., recall: _Optional[_Union[Recall, _Mapping]] = ...) -> None: ...

class Publish(_message.Message):
    __slots__ = ("topic", "value", "publisher_id", "traceparent")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHER_ID_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    value: bytes
    publisher_id: bytes
    traceparent: str
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ..., value: _Optional[bytes] = ..., publisher_id: _Optional[bytes] = ..., traceparent: _Optional[str] = ...) -> None: ...

class Subscribe(_message.Message):
    __slots__ = ("topic", "watch", "number", "page")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    watch: int
    number: int
    page: int
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ..., watch: _Optional[int] = ..., number: _Optional[int] = ..., page: _Optional[int] = ...) -> None: ...

class Unsubscribe(_message.Message):
    __slots__ = ("topic",)
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ...) -> None: ...

class Recall(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, ids: _Optional[_Iterable[int]] = ...) -> None: ...

class NodeBatch(_message.Message):
    __slots__ = ("events", "reads", "items", "receipts")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    READS_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[Event]
    reads: int
    items: bytes
    receipts: bytes
    def __init__(self, events: _Optional[_Iterable[_Union[Event, _Mapping]]] = ..., reads: _Optional[int] = ..., items: _Optional[bytes] = ..., receipts: _Optional[bytes] = ...) -> None: ...

class Event(_message.Message):
    __slots__ = ("receipt", "resumed", "item", "moved", "failed", "recalled")
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    MOVED_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    RECALLED_FIELD_NUMBER: _ClassVar[int]
    receipt: Receipt
    resumed: Resumed
    item: Item
    moved: Moved
    failed: Failed
    recalled: Recalled
    def __init__(self, receipt: _Optional[_Union[Receipt, _Mapping]] = ..., resumed: _Optional[_Union[Resumed, _Mapping]] = ..., item: _Optional[_Union[Item, _Mapping]] = ..., moved: _Optional[_Union[Moved, _Mapping]] = ..., failed: _Optional[_Union[Failed, _Mapping]] = ..., recalled: _Optional[_Union[Recalled, _Mapping]] = ...) -> None: ...

class Recalled(_message.Message):
    __slots__ = ("ids",)
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, ids: _Optional[_Iterable[int]] = ...) -> None: ...

class Failed(_message.Message):
    __slots__ = ("id", "message")
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    id: int
    message: str
    def __init__(self, id: _Optional[int] = ..., message: _Optional[str] = ...) -> None: ...

class Moved(_message.Message):
    __slots__ = ("id", "map_version", "watch")
    ID_FIELD_NUMBER: _ClassVar[int]
    MAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    WATCH_FIELD_NUMBER: _ClassVar[int]
    id: int
    map_version: int
    watch: int
    def __init__(self, id: _Optional[int] = ..., map_version: _Optional[int] = ..., watch: _Optional[int] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("id", "page", "number")
    ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    id: int
    page: int
    number: int
    def __init__(self, id: _Optional[int] = ..., page: _Optional[int] = ..., number: _Optional[int] = ...) -> None: ...

class Resumed(_message.Message):
    __slots__ = ("id", "page", "last", "discontinuity", "frames", "next")
    ID_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    DISCONTINUITY_FIELD_NUMBER: _ClassVar[int]
    FRAMES_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    id: int
    page: int
    last: int
    discontinuity: Discontinuity
    frames: _containers.RepeatedScalarFieldContainer[bytes]
    next: int
    def __init__(self, id: _Optional[int] = ..., page: _Optional[int] = ..., last: _Optional[int] = ..., discontinuity: _Optional[_Union[Discontinuity, _Mapping]] = ..., frames: _Optional[_Iterable[bytes]] = ..., next: _Optional[int] = ...) -> None: ...

class Discontinuity(_message.Message):
    __slots__ = ("last", "new", "page")
    LAST_FIELD_NUMBER: _ClassVar[int]
    NEW_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    last: int
    new: int
    page: int
    def __init__(self, last: _Optional[int] = ..., new: _Optional[int] = ..., page: _Optional[int] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ("watch", "page", "number", "frame", "traceparent")
    WATCH_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    TRACEPARENT_FIELD_NUMBER: _ClassVar[int]
    watch: int
    page: int
    number: int
    frame: bytes
    traceparent: str
    def __init__(self, watch: _Optional[int] = ..., page: _Optional[int] = ..., number: _Optional[int] = ..., frame: _Optional[bytes] = ..., traceparent: _Optional[str] = ...) -> None: ...

class HandOverRequest(_message.Message):
    __slots__ = ("follow", "want", "took")
    FOLLOW_FIELD_NUMBER: _ClassVar[int]
    WANT_FIELD_NUMBER: _ClassVar[int]
    TOOK_FIELD_NUMBER: _ClassVar[int]
    follow: Follow
    want: Topic
    took: Took
    def __init__(self, follow: _Optional[_Union[Follow, _Mapping]] = ..., want: _Optional[_Union[Topic, _Mapping]] = ..., took: _Optional[_Union[Took, _Mapping]] = ...) -> None: ...

class Follow(_message.Message):
    __slots__ = ("node", "map_version")
    NODE_FIELD_NUMBER: _ClassVar[int]
    MAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    node: str
    map_version: int
    def __init__(self, node: _Optional[str] = ..., map_version: _Optional[int] = ...) -> None: ...

class Took(_message.Message):
    __slots__ = ("map_version",)
    MAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    map_version: int
    def __init__(self, map_version: _Optional[int] = ...) -> None: ...

class HandOverEvent(_message.Message):
    __slots__ = ("state", "absent", "done", "alive")
    STATE_FIELD_NUMBER: _ClassVar[int]
    ABSENT_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    ALIVE_FIELD_NUMBER: _ClassVar[int]
    state: State
    absent: Topic
    done: Done
    alive: Alive
    def __init__(self, state: _Optional[_Union[State, _Mapping]] = ..., absent: _Optional[_Union[Topic, _Mapping]] = ..., done: _Optional[_Union[Done, _Mapping]] = ..., alive: _Optional[_Union[Alive, _Mapping]] = ...) -> None: ...

class Alive(_message.Message):
    __slots__ = ("map_version",)
    MAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    map_version: int
    def __init__(self, map_version: _Optional[int] = ...) -> None: ...

class State(_message.Message):
    __slots__ = ("topic", "page", "last", "items", "more")
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    topic: Topic
    page: int
    last: int
    items: _containers.RepeatedCompositeFieldContainer[Kept]
    more: bool
    def __init__(self, topic: _Optional[_Union[Topic, _Mapping]] = ..., page: _Optional[int] = ..., last: _Optional[int] = ..., items: _Optional[_Iterable[_Union[Kept, _Mapping]]] = ..., more: _Optional[bool] = ...) -> None: ...

class Kept(_message.Message):
    __slots__ = ("frame", "age_ms")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    AGE_MS_FIELD_NUMBER: _ClassVar[int]
    frame: bytes
    age_ms: int
    def __init__(self, frame: _Optional[bytes] = ..., age_ms: _Optional[int] = ...) -> None: ...

class Done(_message.Message):
    __slots__ = ("map_version",)
    MAP_VERSION_FIELD_NUMBER: _ClassVar[int]
    map_version: int
    def __init__(self, map_version: _Optional[int] = ...) -> None: ...
