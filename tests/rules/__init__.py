"""`make rules`: which tests cover which behaviour rule, and their results."""
