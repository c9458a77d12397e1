import unittest

from autocv.cv import parse
from autocv.render import cv_page, duration, index_page

ASSETS = {"style.css": "style.1.css", "cv.js": "cv.2.js"}


class Pages(unittest.TestCase):
    def test_a_cv(self):
        cv = parse(
            '{"name": "Ada", "headline": "Analyst", "skills": ["Loops"],'
            ' "posts": [{"title": "Analyst", "employer": "C. Babbage", "since": "2023-10"}]}'
        )
        text = cv_page(cv, ASSETS, today="2024-11")
        self.assertIn('<p class="headline">Analyst</p>', text)
        self.assertIn("<time>2023-10 – today, 1 year 2 months</time>", text)
        self.assertIn('<link rel="stylesheet" href="/static/style.1.css">', text)
        self.assertIn('src="/static/cv.2.js"', text)

    def test_what_people_write_is_text_and_never_markup(self):
        evil = "<script>alert(1)</script>"
        text = cv_page(parse('{"name": "%s", "headline": "%s", "skills": ["%s"]}' % (evil, evil, evil)), ASSETS)
        self.assertNotIn(evil, text)
        self.assertEqual(text.count("&lt;script&gt;alert(1)"), 4)

    def test_what_is_absent_leaves_no_heading(self):
        self.assertNotIn("<h2>", cv_page(parse('{"name": "Ada"}'), ASSETS))

    def test_the_first_page_has_the_editor(self):
        text = index_page(["ada"], ASSETS)
        self.assertIn('<textarea id="source">', text)
        self.assertIn('<iframe id="preview">', text)


class Durations(unittest.TestCase):
    def test_in_words(self):
        rows = {1: "1 month", 11: "11 months", 12: "1 year", 25: "2 years 1 month"}
        for months, words in rows.items():
            with self.subTest(months):
                self.assertEqual(duration(months), words)
