"""What happened: entries that are only ever appended."""
