"""The facts of Pinterest's API that the peer holds requests and its own answers to.

Source: the OpenAPI document of Pinterest API v5, 5.23.0 (github.com/pinterest/api-description, MIT), read 2026-11-27;
only the operations that the adapter may call, in a form of our own. The document leaves bodies open; the peer does not,
so that a field which Pinterest does not name is found.
"""

from tests.peers.shapes import Flag, Many, OneOf, Operation, Text, Thing, Whole, needs

NUMBER = Text(r"\d+")
ORIGIN = Text(r".+", most=2048)
MIMES = Text(words=frozenset({"image/jpeg", "image/png"}))
BASE64 = Text(r"[a-zA-Z0-9+/=]+")
ONE = Thing(
    {
        "source_type": Text(words=frozenset({"image_base64"})),
        "content_type": MIMES,
        "data": BASE64,
        "is_standard": Flag(),
    },
    needs("source_type", "content_type", "data"),
)
SEVERAL = Thing(
    {
        "source_type": Text(words=frozenset({"multiple_image_base64"})),
        "index": Whole(0, 4),
        "items": Many(
            Thing(
                {
                    "content_type": MIMES,
                    "data": BASE64,
                    "title": Text(),
                    "description": Text(),
                    "link": ORIGIN,
                },
                needs("content_type", "data"),
            ),
            2,
            5,
        ),
    },
    needs("source_type", "items"),
)
PIN = Thing(
    {
        "id": NUMBER,
        "board_id": NUMBER,
        "title": Text(most=100),
        "description": Text(most=800),
        "alt_text": Text(most=500),
        "link": Text(most=2048),
        "created_at": Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"),
    },
    is_open=True,
)
LISTING = {"page_size": Text(r"[1-9]\d?|1\d\d|2[0-4]\d|250"), "bookmark": Text(r".+")}
ME = Operation(
    "GET",
    "/v5/user_account",
    needs("user_accounts:read"),
    200,
    Thing({"id": NUMBER, "username": Text(), "business_name": Text()}, is_open=True),
)
BOARDS = Operation(
    "GET",
    "/v5/boards",
    needs("boards:read"),
    200,
    Thing(
        {"items": Many(Thing({"id": NUMBER, "name": Text()}, needs("id", "name"), is_open=True))},
        is_open=True,
    ),
    query={
        **LISTING,
        "privacy": Text(words=frozenset("ALL PUBLIC PROTECTED SECRET PUBLIC_AND_SECRET".split())),
    },
)
ON_BOARD = Operation(
    "GET",
    r"/v5/boards/(?P<id>\d+)/pins",
    needs("boards:read", "pins:read"),
    200,
    Thing({"items": Many(PIN)}, needs("items"), is_open=True),
    query=LISTING,
)
CREATE = Operation(
    "POST",
    "/v5/pins",
    needs("boards:read", "boards:write", "pins:read", "pins:write"),
    201,
    PIN,
    body=Thing(
        {
            "board_id": NUMBER,
            "board_section_id": NUMBER,
            "title": Text(most=100),
            "description": Text(most=800),
            "alt_text": Text(most=500),
            "link": Text(most=2048),
            "dominant_color": Text(r"#[0-9A-Fa-f]{6}"),
            "media_source": OneOf("source_type", {"image_base64": ONE, "multiple_image_base64": SEVERAL}),
        }
    ),
)
DELETE = Operation("DELETE", r"/v5/pins/(?P<id>\d+)", CREATE.scopes, 204, Thing({}))
OPERATIONS = (ME, BOARDS, ON_BOARD, CREATE, DELETE)
ERROR = Thing({"code": Whole(-1, 10_000), "message": Text()}, needs("code", "message"))
