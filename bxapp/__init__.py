"""Flowstop: stops running Bitrix24 workflows in bulk and keeps a record of every outcome."""
