"""Grading a class: what was handed in → run in a sandbox → a store → marks, tables, feedback."""
