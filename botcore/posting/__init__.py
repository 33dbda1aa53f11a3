"""Jobs that are written, checked, priced and posted once."""
