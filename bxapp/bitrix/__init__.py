"""Speaking with Bitrix24: HTTP and the platform; no Django models, no settings, no database."""
