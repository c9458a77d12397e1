"""CVs as HTML."""

from datetime import date
from html import escape

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="/static/{css}">
<script defer src="/static/{js}"></script>
</head>
<body>
{body}
</body>
</html>
"""


def page(title, body, assets):
    """A whole page; `assets` maps `style.css` and `cv.js` to the names they were built under."""
    return PAGE.format(title=escape(title), body=body, css=assets["style.css"], js=assets["cv.js"])


def cv_page(cv, assets, today=None):
    """The page of one CV. `today` is a month such as 2024-05."""
    today = today or date.today().strftime("%Y-%m")
    parts = ['<article class="cv">', f"<h1>{escape(cv.name)}</h1>"]
    if cv.headline:
        parts.append(f'<p class="headline">{escape(cv.headline)}</p>')
    if cv.posts:
        parts += ["<h2>Experience</h2>", '<ol class="posts">', *(_post(post, today) for post in cv.posts), "</ol>"]
    if cv.skills:
        items = "".join(f"<li>{escape(str(skill))}</li>" for skill in cv.skills)
        parts += ["<h2>Skills</h2>", f'<ul class="skills">{items}</ul>']
    parts.append("</article>")
    return page(cv.name, "\n".join(parts), assets)


def index_page(names, assets):
    """The list of the CVs, and a place to write one."""
    items = "".join(f'<li><a href="/cv/{escape(name)}">{escape(name)}</a></li>' for name in names)
    body = f'<h1>autocv</h1>\n<ul class="index">{items}</ul>\n<textarea id="source"></textarea>\n<iframe id="preview"></iframe>'
    return page("autocv", body, assets)


def duration(months):
    """`14` as `1 year 2 months`."""
    years, months = divmod(months, 12)
    parts = [f"{n} {unit}{'' if n == 1 else 's'}" for n, unit in ((years, "year"), (months, "month")) if n]
    return " ".join(parts)


def _post(post, today):
    when = f"{post.since} – {post.until or 'today'}, {duration(post.months(today))}"
    return f"<li><strong>{escape(post.title)}</strong>, {escape(post.employer)} <time>{when}</time></li>"
