"""What a CV is: the JSON that a person writes, checked."""

import json
import re
from dataclasses import dataclass, field

MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


class Invalid(ValueError):
    """The JSON is not a CV; the message says where and why."""


@dataclass(frozen=True)
class Post:
    """One position. `until` is None for the present one."""

    title: str
    employer: str
    since: str
    until: str = None

    def months(self, today):
        """How long it lasted, in months, the first and the last one counted."""
        return _months(self.until or today) - _months(self.since) + 1


@dataclass(frozen=True)
class Cv:
    """A person and what they did, the newest post first."""

    name: str
    headline: str = ""
    posts: tuple = ()
    skills: tuple = field(default=())


def parse(text):
    """Reads a CV from JSON text."""
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise Invalid(f"line {error.lineno}: {error.msg}") from None
    if not isinstance(data, dict):
        raise Invalid("a CV is an object")
    posts = [_post(item, f"posts[{i}]") for i, item in enumerate(_list(data, "posts"))]
    return Cv(
        name=_text(data, "name", "name"),
        headline=_text(data, "headline", "headline", default=""),
        posts=tuple(sorted(posts, key=lambda post: post.since, reverse=True)),
        skills=tuple(_list(data, "skills")),
    )


def _post(item, where):
    if not isinstance(item, dict):
        raise Invalid(f"{where}: a post is an object")
    post = Post(
        title=_text(item, "title", where),
        employer=_text(item, "employer", where),
        since=_month(item, "since", where),
        until=_month(item, "until", where) if item.get("until") else None,
    )
    if post.until and post.until < post.since:
        raise Invalid(f"{where}: ends before it begins")
    return post


def _text(data, key, where, default=None):
    value = data.get(key, default)
    if not isinstance(value, str) or (default is None and not value.strip()):
        raise Invalid(f"{where}: {key} must be a text")
    return value


def _month(data, key, where):
    value = _text(data, key, where)
    if not MONTH.match(value):
        raise Invalid(f"{where}: {key} must be a month such as 2024-05")
    return value


def _list(data, key):
    value = data.get(key, [])
    if not isinstance(value, list):
        raise Invalid(f"{key}: must be a list")
    return value


def _months(month):
    year, number = month.split("-")
    return int(year) * 12 + int(number)
