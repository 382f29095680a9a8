"""Command-line programs: flags, help texts, error messages and startup.

No other package reads flags.
"""
