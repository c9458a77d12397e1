"""The book with its real servers: MariaDB and Redis beside the job."""

import unittest

from guestbook import book, migrations
from guestbook.tables import connect


class Book(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        migrations.make()
        migrations.apply()

    def setUp(self):
        book.clear()

    def test_what_is_written_can_be_read(self):
        book.write("Zoë", "Grüße aus Málaga")
        book.write("Ada", "Loops!")
        self.assertEqual(book.entries(), [("Ada", "Loops!"), ("Zoë", "Grüße aus Málaga")])

    def test_visits_are_counted(self):
        first = book.count_visit()
        self.assertEqual(book.count_visit(), first + 1)

    def test_migrations_are_applied_once(self):
        self.assertEqual(migrations.apply(), [])

    def test_the_database_is_as_the_pipeline_asks(self):
        with connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT @@character_set_server, @@collation_server, DATABASE(), CURRENT_USER()")
            charset, collation, database, user = cursor.fetchone()
        self.assertRegex(charset, "^utf8(mb3)?$")
        self.assertRegex(collation, "^utf8(mb3)?_general_ci$")
        self.assertEqual((database, user), ("guestbook", "guestbook@%"))

    def test_both_servers_are_healthy(self):
        self.assertEqual(book.health(), {"database": "ok", "redis": "ok"})
