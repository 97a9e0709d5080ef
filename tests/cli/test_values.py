"""How lists, ranges, files and names are written, and what is refused."""

import click
import pytest

from latentscope.cli._files import named
from latentscope.cli._values import Numbers, Several, Target


def read(kind, text):
    return kind.convert(text, None, None)


def test_lists_of_numbers():
    assert read(Numbers(int), "0,12") == (0, 12)
    assert read(Numbers(float), "inf,3,-0.5") == (float("inf"), 3.0, -0.5)


@pytest.mark.parametrize(
    ("number", "text", "match"),
    [
        (int, "0,a", "must be integers separated by commas"),
        (int, "0,1.5", "must be integers separated by commas"),
        (float, "", "must be numbers separated by commas"),
        (float, "1,,2", "must be numbers separated by commas"),
    ],
)
def test_lists_that_are_refused(number, text, match):
    with pytest.raises(click.BadParameter, match=match):
        read(Numbers(number), text)


def test_several_is_a_range_or_a_list():
    assert read(Several(), "2:81:2") == range(2, 81, 2)
    assert read(Several(), "2:5") == range(2, 5)
    assert read(Several(), "2,4,8") == (2, 4, 8)
    assert read(Several(), "7") == (7,)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("2:x", "must be START:STOP:STEP, for example 2:81:2"),
        ("1:2:3:4", "must be START:STOP:STEP"),
        ("2:9:0", "must be START:STOP:STEP"),
        ("2:9,4", "must be START:STOP:STEP"),
        ("", "must be START:STOP:STEP"),
        ("9:2", "contains no number: STOP itself is excluded"),
    ],
)
def test_several_that_are_refused(text, match):
    with pytest.raises(click.BadParameter, match=match):
        read(Several(), text)


def test_targets_are_checked_before_the_work(tmp_path):
    figure = Target(".png", ".pdf")
    assert read(figure, str(tmp_path / "a.PNG")) == tmp_path / "a.PNG"
    for name, match in [
        ("a.jpg", "must end in .png or .pdf"),
        ("a", "must end in"),
        ("no/a.png", "must lie in an existing folder; .* does not exist"),
    ]:
        with pytest.raises(click.BadParameter, match=match):
            read(figure, str(tmp_path / name))
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(click.BadParameter, match=r"got the folder .*\. Add a file name"):
        read(figure, str(tmp_path / "folder.png"))


def test_files_have_the_name_of_their_stem_or_the_one_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert named(["runs/ae.h5", "β=vae.h5"]) == {"ae": "runs/ae.h5", "β": "vae.h5"}
    (tmp_path / "fact=5.h5").touch()
    assert named(["fact=5.h5", "a=fact=5.h5"]) == {"fact=5": "fact=5.h5", "a": "fact=5.h5"}


@pytest.mark.parametrize(
    ("files", "match"),
    [
        (["a/z.h5", "b/z.h5"], "2 files have the name 'z'. Give them different names: NAME=FILE"),
        (["=z.h5"], "'' cannot be used as a name"),
        (["models=z.h5"], "'models' cannot be used as a name"),
    ],
)
def test_names_that_are_refused(files, match):
    with pytest.raises(click.UsageError, match=match):
        named(files, taken=["models"])
