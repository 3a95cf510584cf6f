"""The protocol machine of the library h2, as the raw clients of tests want it."""

import h2.connection
import h2.events
from hyperframe.frame import Frame, GoAwayFrame
from typing_extensions import override


class Machine(h2.connection.H2Connection):
    """The library takes a GOAWAY for the end of everything; by RFC 9113 (6.8) open streams go on, and so here."""

    @override
    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[h2.events.Event]]:
        event = h2.events.ConnectionTerminated()
        event.last_stream_id, event.error_code = frame.last_stream_id, frame.error_code
        return [], [event]
