"""Clients that leave: what is raised for it, over whatever protocol they came."""


class ClientGone(OSError):
    """The client left before its request was complete, or before its stream was."""


def forgotten(reason: BaseException) -> BaseException:
    """Return what a `send` raised, without its traceback, by whoever handles it.

    The edge raises one and the same exception for all clients that leave. It would keep the frames of all of them, with
    what was to be written: 10 KiB for each stream.
    """
    reason.__context__ = None
    return reason.with_traceback(None)
