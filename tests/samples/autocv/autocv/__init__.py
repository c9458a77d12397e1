"""CVs from JSON: a small web service of the standard library alone."""
