"""The errors that a user can mend, each told in one line."""


class InputError(ValueError):
    """An input that cannot be used.

    The message is one line: what was given, what is allowed, what to do.
    """


class DivergenceError(ArithmeticError):
    """The training loss became infinite or not a number."""
