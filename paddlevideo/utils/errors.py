"""The exceptions a person is meant to see."""


class InputError(Exception):
    """Bad input: the message is one line that says what is wrong, where, and how to mend it.

    ``main.py`` and the tools print it as ``error: MESSAGE`` and exit with code 2; anything else is a bug and keeps
    its traceback.
    """

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(str(message).splitlines()))  # a path may hold a line break


class DamagedInput(Exception):
    """Some of the input could not be read; all that could be done without it is written.

    ``main.py`` prints it as ``warning: MESSAGE`` and exits with code 3.
    """


def one_line(error: BaseException) -> str:
    """Return the error's message on one line."""
    return " ".join(str(error).split()) or type(error).__name__


class Terminated(BaseException):
    """SIGTERM has come; like `KeyboardInterrupt`, it lets everything be cleaned up on its way out."""
