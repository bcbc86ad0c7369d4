"""The network as files that run without its classes: written here, and played with here."""
