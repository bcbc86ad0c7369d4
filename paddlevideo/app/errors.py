"""Every error that the page can meet, in one table: its code, its HTTP status and its English line."""

from __future__ import annotations

import errno
from typing import Any

from ..utils.errors import InputError
from .reasons import reason_of

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

ERRORS: dict[str, tuple[int, str]] = {
    "bad_request": (422, "The request is not understood: {reason}."),
    "bad_token": (401, "This address needs the token that the server printed when it started; open that address."),
    "foreign_host": (403, "This server does not answer under the name {host}; open the address that it printed."),
    "foreign_origin": (403, "A page of another site may not use this server."),
    "not_found": (404, "There is nothing under this address."),
    "method_not_allowed": (405, "This address does not take such a request."),
    "request_too_large": (413, "The request is larger than {limit} bytes."),
    "no_project": (404, "There is no such project; it may have been deleted."),
    "no_frame": (404, "There is no frame {frame}; the video has frames 0 to {last}."),
    "no_film": (404, "This video cannot be played from its own packets; take the frames as pictures."),
    "no_mask": (404, "Frame {frame} has no mask yet."),
    "no_object": (404, "There is no object {object}; it may have been removed."),
    "no_folder": (404, "{folder} is not one of the folders that may be opened."),
    "path_outside": (403, "This path leaves the folder that may be opened."),
    "no_video": (404, "{name}: no video and no pictures here; it may have been moved or deleted."),
    "not_a_video": (422, "{name}: cannot be read as a video ({reason}); re-encode it and try again."),
    "too_many_frames": (422, "{name} has {frames} frames, more than the limit of {limit} (--max_frames)."),
    "too_many_pixels": (
        422,
        "{name} has {width} x {height} pixels, more than the limit of {limit} in all (--max_pixels).",
    ),
    "probe_timeout": (422, "{name}: looking into the video took more than {seconds} seconds; re-encode it."),
    "upload_too_large": (413, "{name} has {bytes} bytes, more than the limit of {limit} (--max_upload_mib)."),
    "upload_not_found": (404, "There is no such upload; start it again."),
    "upload_offset": (409, "The upload goes on at byte {received}."),
    "upload_incomplete": (409, "Only {received} of {bytes} bytes have arrived."),
    "too_many_uploads": (429, "{limit} uploads are under way already; finish or cancel one of them."),
    "stale_revision": (409, "The project was changed elsewhere in the meantime; it has been loaded again."),
    "nothing_to_undo": (409, "There is nothing to undo."),
    "nothing_to_redo": (409, "There is nothing to redo."),
    "not_a_mask": (422, "{name}: cannot be read as a mask ({reason})."),
    "not_strokes": (422, "{name}: cannot be read as strokes ({reason})."),
    "mask_objects": (422, "{name}: object {object} is far above the project's; number the file's objects from 1 on."),
    "mask_size": (
        422,
        "{name}: the mask is {width} x {height}, the video {video_width} x {video_height}; give a mask of that size.",
    ),
    "no_strokes": (409, "No frame is annotated yet; draw a stroke first."),
    "stroke_used": (409, "This stroke has been propagated already and cannot be erased; undo the propagation first."),
    "object_locked": (409, "Object {object} is locked; unlock it to draw on it."),
    "too_many_objects": (409, "There can be no more than {limit} objects."),
    "span_without_frame": (422, "Frame {frame} is annotated and lies outside the span {first} to {last}."),
    "nothing_running": (409, "Nothing is running that could be paused or cancelled."),
    "export_running": (409, "An export of this project is being written already."),
    "export_no_objects": (409, "There is no object to export: choose one, or show one that is hidden."),
    "export_empty": (409, "There is nothing to export yet; draw a stroke first."),
    "disk_full": (507, "The disk is full; make room and try again."),
    "bad_input": (422, "{reason}"),
    "shutting_down": (503, "The server is shutting down."),
    "internal": (500, "Something went wrong in the server; its log says what."),
}


class AppError(Exception):
    """One of `ERRORS`, with the values that fill its line."""

    def __init__(self, code: str, **values: Any) -> None:
        self.code = code
        self.values = values
        self.status, line = ERRORS[code]
        super().__init__(line.format(**values))

    def document(self) -> dict[str, Any]:
        """What the page gets."""
        return {"error": {"code": self.code, "message": str(self), "values": self.values}}


def as_app_error(error: Exception) -> AppError:
    """The error that the page is shown: a full disk and bad input as what they are, anything else as ``internal``."""
    if isinstance(error, AppError):
        return error
    cause: BaseException | None = error
    while cause is not None:
        if getattr(cause, "errno", None) in _NO_ROOM:  # of the system, or of FFmpeg
            return AppError("disk_full")
        cause = cause.__cause__
    return AppError("bad_input", **reason_of(str(error))) if isinstance(error, InputError) else AppError("internal")
