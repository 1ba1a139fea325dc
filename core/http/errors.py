"""Where a call to the outside failed: the publishing engine decides by these types whether it may send again."""

from core.errors import CollabError


class OutboundError(CollabError):
    """A call to another system failed; messages name the host at most, never the path, query or headers."""

    code = "outbound_failed"
    status = 502

    def __init__(self, message: str, *, phase: str, host: str = "") -> None:
        super().__init__(message)
        self.phase = phase
        self.host = host


class NotSent(OutboundError):
    """Nothing of the request left this machine, so the call had no effect and may be repeated."""

    code = "not_sent"


class Refused(NotSent):
    """The guard does not allow this target or this request; repeating it changes nothing."""

    code = "outbound_refused"


class Unknown(OutboundError):
    """Something of the request may have been sent and no complete answer came: the effect is not known.

    `answer_status` is the status line if at least that was read.
    """

    code = "outcome_unknown"

    def __init__(self, message: str, *, phase: str, host: str = "", answer_status: int | None = None) -> None:
        super().__init__(message, phase=phase, host=host)
        self.answer_status = answer_status


class NotReadable(OutboundError):
    """The answer came whole, but its body is not what the caller can read (no JSON, or not the JSON expected)."""

    code = "answer_not_readable"

    def __init__(self, message: str, *, answer_status: int) -> None:
        super().__init__(message, phase="body")
        self.answer_status = answer_status
