"""What the stack tells of itself: scrapes, rules, dashboards, and what is delivered to whom."""
