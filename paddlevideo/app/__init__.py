"""The scribble page's server: projects on disk, one worker that drives their sessions, and HTTP around them."""
