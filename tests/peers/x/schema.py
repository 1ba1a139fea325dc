"""The facts of X's API that the peer holds requests and its own answers to: operations, scopes, fields, bounds.

Source: the OpenAPI document of X API v2, version 2.167 (github.com/xdevplatform/xdk), read 2026-11-27; only the
operations that the adapter may call, in a form of our own.
"""

from tests.peers.shapes import Flag, Many, Operation, Text, Thing, Whole, needs

IDENT = r"[0-9]{1,19}"
REPLIES = {"following", "mentionedUsers", "subscribers", "verified"}


def _data(thing: Thing | Many) -> Thing:
    return Thing({"data": thing}, needs("data"), is_open=True)


NUMBER = Text(IDENT)
POST = Thing({"id": NUMBER, "text": Text(), "edit_history_post_ids": Many(NUMBER)}, is_open=True)
PROCESSING = Thing({"check_after_secs": Whole(0, 10_000), "progress_percent": Whole(0, 100), "state": Text()})
UPLOADED = Thing(
    {"id": Text(), "media_key": Text(), "expires_after_secs": Whole(0, 10**9), "processing_info": PROCESSING},
    needs("id"),
    is_open=True,
)
MEDIA_TYPES = frozenset(
    "video/mp4 video/webm video/mp2t video/quicktime text/srt text/vtt image/jpeg image/gif image/bmp image/png"
    " image/webp image/pjpeg image/tiff model/gltf-binary model/vnd.usdz+zip".split()
)
CATEGORIES = frozenset(
    "amplify_video tweet_gif tweet_image tweet_video dm_gif dm_image dm_video subtitles".split()
)


CREATE_POST = Operation(
    "POST",
    "/2/tweets",
    needs("tweet.write", "tweet.read", "users.read"),
    201,
    _data(Thing({"id": NUMBER, "text": Text(), "edit_history_post_ids": Many(NUMBER)}, needs("id", "text"))),
    body=Thing(
        {
            "text": Text(),
            "reply_settings": Text(words=frozenset(REPLIES)),
            "made_with_ai": Flag(),
            "paid_partnership": Flag(),
            "nullcast": Flag(),
            "for_super_followers_only": Flag(),
            "quote_tweet_id": NUMBER,
            "media": Thing(
                {"media_ids": Many(NUMBER, 1, 4), "tagged_user_ids": Many(NUMBER, 0, 10)}, needs("media_ids")
            ),
        }
    ),
)
DELETE_POST = Operation(
    "DELETE",
    rf"/2/tweets/(?P<id>{IDENT})",
    needs("users.read", "tweet.read", "tweet.write"),
    200,
    _data(Thing({"deleted": Flag()}, needs("deleted"))),
)
ME = Operation(
    "GET",
    "/2/users/me",
    needs("users.read", "tweet.read"),
    200,
    _data(Thing({"id": NUMBER, "name": Text(), "username": Text()}, is_open=True)),
)
TIMELINE = Operation(
    "GET",
    rf"/2/users/(?P<id>{IDENT})/tweets",
    needs("tweet.read", "users.read"),
    200,
    Thing({"data": Many(POST), "meta": Thing({"result_count": Whole(0, 100)}, is_open=True)}, is_open=True),
    query={
        "max_results": Text(r"[5-9]|[1-9][0-9]|100"),
        "pagination_token": Text(r".+"),
        "start_time": Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        "end_time": Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        "since_id": NUMBER,
        "until_id": NUMBER,
        "exclude": Text(r"(replies|retweets)(,(replies|retweets))?"),
    },
)
INITIALIZE = Operation(
    "POST",
    "/2/media/upload/initialize",
    needs("media.write"),
    200,
    _data(UPLOADED),
    body=Thing(
        {
            "media_type": Text(words=MEDIA_TYPES),
            "media_category": Text(words=CATEGORIES),
            "total_bytes": Whole(0, 17_179_869_184),
            "additional_owners": Many(NUMBER),
            "shared": Flag(),
        }
    ),
)
APPEND = Operation(
    "POST",
    rf"/2/media/upload/(?P<id>{IDENT})/append",
    needs("media.write"),
    200,
    _data(Thing({"expires_at": Whole(0, 10**11)})),
    body=Thing({"segment_index": Text(r"[0-9]{1,3}"), "media": Text()}, needs("media", "segment_index")),
    is_form=True,
)
FINALIZE = Operation(
    "POST", rf"/2/media/upload/(?P<id>{IDENT})/finalize", needs("media.write"), 200, _data(UPLOADED)
)
STATUS = Operation(
    "GET",
    "/2/media/upload",
    needs("media.write"),
    200,
    _data(UPLOADED),
    query={"media_id": NUMBER, "command": Text(words=frozenset({"STATUS"}))},
    needs=needs("media_id"),
)
DESCRIBE = Operation(
    "POST",
    "/2/media/metadata",
    needs("media.write"),
    200,
    _data(Thing({"id": Text()}, needs("id"), is_open=True)),
    body=Thing(
        {
            "id": NUMBER,
            "metadata": Thing({"alt_text": Thing({"text": Text(most=1000)}, needs("text"))}, is_open=True),
        },
        needs("id"),
    ),
)
OPERATIONS = (
    CREATE_POST, DELETE_POST, ME, TIMELINE, INITIALIZE, APPEND, FINALIZE, STATUS, DESCRIBE,
)  # fmt: skip
PROBLEM = Thing(
    {"type": Text(), "title": Text(), "detail": Text(), "status": Whole(400, 599)}, needs("title")
)
