"""The files of a run's report that are known by name to more than those who write them."""

from __future__ import annotations

RESULTS = "results.json"  # the whole run as data, as reports/schema.json describes it
SUMMARY = "summary.md"
JUNIT = "junit.xml"
ALLURE = "allure"  # a folder: what allure-pytest was told
IMAGES = "images.json"  # of runs that had a stack
JOURNAL = "journal.jsonl"  # of runs that have not come to their end
