"""The one exception a person is meant to see."""


class InputError(Exception):
    """Bad input: the message is one line that says what is wrong, where, and how to mend it.

    ``main.py`` and the tools print it as ``error: MESSAGE`` and exit with code 2; anything else is a bug and keeps
    its traceback.
    """
