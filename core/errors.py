"""The errors that services raise; pages, API and jobs translate them at the edge."""

from collections.abc import Mapping, Sequence


class CollabError(Exception):
    """An expected refusal with a sentence for people and a stable code for programs."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(str(message))
        self.message = str(message)
        if code is not None:
            self.code = code


class NotAllowed(CollabError):
    """The actor may not do this; says which right is missing and who can help."""

    code = "not_allowed"
    status = 403

    def __init__(
        self,
        message: str,
        *,
        verb: str = "",
        missing: str = "",
        ask: Sequence[str] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.verb = verb
        self.missing = missing
        self.ask = tuple(ask)

    @property
    def why(self) -> dict[str, object]:
        """Return the machine-readable reason: verb, missing right, names to ask."""
        return {"verb": self.verb, "missing": self.missing, "ask": list(self.ask)}


class NotFound(CollabError):
    """There is no such thing, or the actor may not know of it."""

    code = "not_found"
    status = 404


class WrongState(CollabError):
    """The thing is no longer, or not yet, in a state that allows this."""

    code = "wrong_state"
    status = 409


class Locked(WrongState):
    """The workspace locks what is approved."""

    code = "locked"


class Ambiguous(CollabError):
    """The actor could act in several roles and must say in which."""

    code = "ambiguous"
    status = 409

    def __init__(self, message: str, *, choices: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.choices = [dict(choice) for choice in choices]


class Stale(CollabError):
    """The caller worked on an older revision than the one that stands."""

    code = "stale"
    status = 412


class Invalid(CollabError):
    """The input cannot be used; names each field with its reasons."""

    code = "invalid"
    status = 422

    def __init__(
        self, message: str, *, fields: Mapping[str, Sequence[str]] | None = None, code: str | None = None
    ) -> None:
        super().__init__(message, code=code)
        self.fields = {name: [str(text) for text in texts] for name, texts in (fields or {}).items()}


class TooMany(CollabError):
    """The actor asks too often or holds too much already."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, *, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Retryable(CollabError):
    """A job failed in a way that may pass by itself."""

    code = "retryable"
    status = 503


class Permanent(CollabError):
    """A job failed in a way that no repetition mends."""

    code = "permanent"
    status = 500
