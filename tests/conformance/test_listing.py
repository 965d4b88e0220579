"""The cases themselves: each is from a page, and those on which ministack differs are those that docs/differences.md lists."""

from pathlib import Path

from conftest import differing, listed_differences

HERE = Path(__file__)


def test_every_case_names_its_page(request):
    without = [item.nodeid for item in cases(request) if not item.get_closest_marker("documented")]
    assert without == []


def test_differences_are_those_listed(request):
    all_cases = cases(request)
    marked = {item.originalname for item in all_cases if differing(item)}
    listed = listed_differences()
    if collected_whole(request):
        assert marked == listed, "the cases' marks and docs/differences.md say different things"
    else:
        assert marked <= listed, "docs/differences.md does not list what is marked"


def collected_whole(request):
    """Whether every case's file is there, and not only one that was named."""
    return {path.name for path in HERE.parent.glob("test_*.py")} == {item.path.name for item in request.session.items}


def cases(request):
    return [item for item in request.session.items if item.path != HERE]
