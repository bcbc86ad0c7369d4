"""The command line of the page: what is refused before anything is opened, and what the settings become."""

from __future__ import annotations

import socket
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from paddlevideo.app.projects.library import Library
from paddlevideo.app.settings import Settings
from paddlevideo.session.options import SessionOptions
from paddlevideo.tasks import serve
from paddlevideo.tasks.arguments import parse
from paddlevideo.utils.errors import InputError


def test_defaults_need_no_flag_and_a_video_may_be_named(tmp_path: Path) -> None:
    args = parse(["--serve"], None)
    assert (args.config, args.weights) == ("configs/segmentation/manet_lite.yaml", "data/weights/manet_lite.pdparams")
    assert args.input is None and args.host == "127.0.0.1" and not args.allow_remote
    assert parse(["--serve", "clip.mp4"], None).input == "clip.mp4"
    assert parse(["--serve", "--input", "clip.mp4", "-c", "x.yaml"], None).config == "x.yaml"


@pytest.mark.parametrize("argv", [["--serve", "a", "--input", "b"], ["--infer", "clip.mp4", "-c", "x"], ["--infer"]])
def test_flags_that_do_not_go_together(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(argv, None)
    assert caught.value.code == 2 and "error:" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4"])
def test_others_connect_only_where_that_is_meant(host: str) -> None:
    with pytest.raises(InputError, match="--allow-remote"):
        serve.check_host(host, False)
    serve.check_host(host, True)


def test_this_machine_is_no_question() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        serve.check_host(host, False)
    with pytest.raises(InputError, match="is no address"):
        serve.check_host("no such host", False)


def test_a_port_in_use_is_told_or_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {port}: cannot be used"):
            serve.listen("127.0.0.1", port)
        monkeypatch.setattr(serve, "FIRST_PORT", port)
        with serve.listen("127.0.0.1", None) as found:
            assert found.getsockname()[1] > port
            assert found.proto == socket.IPPROTO_TCP  # else every answer waits 40 ms for an acknowledgement


def test_settings_of_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "videos").mkdir()
    (tmp_path / "other" / "videos").mkdir(parents=True)
    flags = ["--serve", "--projects", str(tmp_path / "p"), "--max_upload_mib", "3", "--max_frames", "5"]
    flags += ["--allow", str(tmp_path / "videos"), "--allow", str(tmp_path / "other" / "videos")]
    found = serve.read_settings(parse(flags, None), 8001)
    assert sorted(found.folders) == sorted(["videos", str(tmp_path / "other" / "videos")])
    assert found.limits.upload_bytes == 3 << 20 and found.limits.frames == 5
    other = serve.read_settings(parse(flags, None), 8001)
    assert len(found.token) >= 32 and found.token != other.token
    for bad in (["--allow", str(tmp_path / "none")], [str(tmp_path / "none.mp4")]):
        with pytest.raises(InputError, match="no such"):
            serve.read_settings(parse(["--serve", *bad], None), 8001)


def test_a_video_that_is_not_there_is_told_before_the_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    monkeypatch.setattr(serve.Segmenter, "from_config", lambda *given: loaded.append("model"))
    with pytest.raises(InputError, match="none.mp4: no such file"):
        serve.serve({}, parse(["--serve", str(tmp_path / "none.mp4")], None))
    assert not loaded


def test_the_sessions_memory_is_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Enough(Exception):
        pass

    def create_app(settings: Settings, *_: object) -> None:
        made.append(settings)
        raise Enough

    made: list[Settings] = []
    model = SimpleNamespace(options=SessionOptions(max_memory_mib=7.5), open=None)
    monkeypatch.setattr(serve.Segmenter, "from_config", lambda *given: model)
    monkeypatch.setattr(serve, "create_app", create_app)
    (tmp_path / "w.pdparams").write_bytes(b"weights")
    args = parse(["--serve", "-w", str(tmp_path / "w.pdparams"), "--projects", str(tmp_path / "p")], None)
    with pytest.raises(Enough):
        serve.serve({}, args)
    assert made[0].memory_bytes == 15 << 19 and made[0].network


@pytest.mark.parametrize(
    ("flags", "address"),
    [
        ([], "http://127.0.0.1:8001/"),
        (["--host", "::1"], "http://[::1]:8001/"),
        (["--host", "0.0.0.0", "--allow-remote"], f"http://{socket.gethostname()}:8001/"),
        (["--public-name", "Film.example", "--public-name", "other"], "http://film.example:8001/"),
    ],
)
def test_the_printed_address_is_one_that_opens(
    flags: list[str], address: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    args = parse(["--serve", "--projects", str(tmp_path / "p"), *flags], None)
    settings = serve.read_settings(args, 8001)
    with caplog.at_level("INFO"):
        serve.announce(settings, open_browser=False)
    assert f"{address}?token={settings.token}" in caplog.text


@pytest.mark.parametrize("name", ["https://foo/bar", "foo:80", "", "a b", "-x."])
def test_a_public_name_is_a_name_alone(name: str, tmp_path: Path) -> None:
    args = parse(["--serve", "--projects", str(tmp_path / "p"), f"--public-name={name}"], None)
    with pytest.raises(InputError, match="--public-name .*such as"):
        serve.read_settings(args, 8001)


def test_a_broken_video_is_refused_before_the_page_is_there(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no video at all" * 100)
    for remote, refused in ((True, nullcontext()), (False, pytest.raises(InputError, match="broken.mp4: cannot be"))):
        settings = Settings(tmp_path / "projects", "a-token", remote=remote, open_path=tmp_path / "broken.mp4")
        with refused:
            serve.open_video(settings, Library(settings))
    assert not (tmp_path / "projects").exists()
