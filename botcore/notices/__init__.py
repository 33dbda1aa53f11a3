"""News for people: what happened, who hears of it, and when."""
