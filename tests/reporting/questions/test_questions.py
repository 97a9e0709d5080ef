"""The list of questions is whole, and each says what it shows and how that misleads."""

from importlib import import_module
from pkgutil import iter_modules

from latentscope.reporting import questions
from latentscope.reporting.questions import FIGURES, QUESTIONS, analyses


def test_every_module_asks_a_question_of_the_list():
    names = {module.name for module in iter_modules(questions.__path__)} - {"question", "compare"}
    modules = {import_module(f"{questions.__name__}.{name}") for name in names}
    assert {module.QUESTION.key for module in modules} == {one.key for one in QUESTIONS} == names


def test_no_key_or_title_stands_for_two_results():
    for key in ("key", "title"):
        named = [getattr(one, key) for one in analyses()]
        assert len(set(named)) == len(named)


def test_every_figure_has_a_section():
    assert len(FIGURES) == len(set(FIGURES))
    assert set(FIGURES) == {one for one in QUESTIONS if one.figure}


def test_every_section_says_what_it_shows_and_how_it_misleads(made):
    sections = [made.html.index(f'<section id="{one.key}">') for one in FIGURES]
    assert sections == sorted(sections)
    for one in FIGURES:
        assert one.figure.shows
        assert one.figure.misleads
