"""Recognising a mistake, and every sentence that a student reads."""
