"""What was said to Bitrix24: one row for each HTTP request, redacted, kept for days."""
