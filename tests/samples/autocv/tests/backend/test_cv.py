import unittest

from autocv.cv import Cv, Invalid, parse


class Parsing(unittest.TestCase):
    def test_the_newest_post_comes_first(self):
        cv = parse(
            '{"name": "A", "posts": ['
            '{"title": "old", "employer": "X", "since": "2001-01", "until": "2003-02"},'
            '{"title": "new", "employer": "Y", "since": "2003-03"}]}'
        )
        self.assertEqual([post.title for post in cv.posts], ["new", "old"])

    def test_a_name_is_enough(self):
        self.assertEqual(parse('{"name": "A"}'), Cv(name="A"))

    def test_what_is_wrong_is_said_with_its_place(self):
        post = '{"title": "t", "employer": "e", "since": %s, "until": %s}'
        rows = {
            "{": "line 1: ",
            "[]": "a CV is an object",
            "{}": "name: name must be a text",
            '{"name": " "}': "name: name must be a text",
            '{"name": "A", "posts": 3}': "posts: must be a list",
            '{"name": "A", "posts": [3]}': "posts[0]: a post is an object",
            '{"name": "A", "posts": [%s]}' % (post % ('"May"', "null")): "posts[0]: since must be a month",
            '{"name": "A", "posts": [%s]}' % (post % ('"2020-02"', '"2019-01"')): "posts[0]: ends before it begins",
        }
        for text, message in rows.items():
            with self.subTest(text), self.assertRaises(Invalid) as caught:
                parse(text)
            self.assertTrue(str(caught.exception).startswith(message), str(caught.exception))


class Months(unittest.TestCase):
    def test_both_ends_count(self):
        (post,) = parse('{"name": "A", "posts": [{"title": "t", "employer": "e", "since": "2019-11"}]}').posts
        self.assertEqual(post.months("2019-11"), 1)
        self.assertEqual(post.months("2020-02"), 4)
