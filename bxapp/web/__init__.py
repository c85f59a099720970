"""HTTP matters of every page: headers, refusals, language, time zone."""
