"""`make rules`: which tests show which behaviour rule, and how they ended."""
