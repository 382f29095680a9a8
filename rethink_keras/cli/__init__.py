"""Commands: flags, help, errors and a quiet start; nothing else knows flags."""
