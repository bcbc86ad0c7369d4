"""Projects on disk: what a person did (`record`, `history`), the masks that came of it, pictures, uploads, exports."""
