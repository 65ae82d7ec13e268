"""The widgets speak English and Chinese: every sentence stands in the tables, none in the code."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pretty_midi.constants import INSTRUMENT_MAP

import mvae_widgets as mv
from mvae_widgets.errors import ConfigError

PACKAGE = Path(mv.__file__).parent
SOURCE = PACKAGE.parent / "js" / "src"
TABLES: dict[str, dict[str, str]] = {
    name: json.loads((PACKAGE / "i18n" / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh")
}
HOLE = re.compile(r"\{(\w+)\}")
# What a model refuses, and why: the roll says it.
RULES = [*(PACKAGE / "music").glob("*_rules.py"), PACKAGE / "music" / "rules.py", PACKAGE / "music" / "cutting.py"]
# Names of variables in widgets/ that hold what is told.
TOLD = {"told", "note", "text", "used", "what"}


def templates() -> list[str]:
    return [text for key, text in TABLES["en"].items() if key.startswith(("said.", "part."))]


def spoken(node: ast.AST) -> Iterator[str]:
    """Strings within a node; what is filled in later is a hole."""
    for part in ast.walk(node):
        if isinstance(part, ast.JoinedStr):
            yield "".join(v.value if isinstance(v, ast.Constant) else "{x}" for v in part.values)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def pieces_of_f_strings(tree: ast.AST) -> set[str]:
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return {part.value for node in joined for part in ast.walk(node) if isinstance(part, ast.Constant)}


def documentation(tree: ast.AST) -> set[str]:
    return {n.value.value for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}


def is_in_tables(sentence: str) -> bool:
    """Whether a template says the same, with other holes."""
    pattern = re.compile(".*".join(map(re.escape, HOLE.sub("\0", sentence).split("\0"))), re.DOTALL)
    return any(pattern.fullmatch(text) for text in templates())


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_what_a_model_refuses_can_be_said_in_both_languages(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    known = documentation(tree) | pieces_of_f_strings(tree)
    sentences = {text for text in spoken(tree) if " " in text.strip(" {}x") and text not in known}
    assert [text for text in sentences if not is_in_tables(text)] == []


def test_what_widgets_tell_can_be_said_in_both_languages() -> None:
    missing, found = [], 0
    for path in sorted((PACKAGE / "widgets").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        pieces = pieces_of_f_strings(tree)
        parts: list[ast.AST] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "_tell":
                parts += node.args
            elif isinstance(node, ast.Assign) and {getattr(t, "id", "") for t in node.targets} & TOLD:
                parts.append(node.value)
            elif isinstance(node, ast.Dict):
                keys = [getattr(key, "value", "") for key in node.keys]
                parts += [v for k, v in zip(keys, node.values, strict=True) if k in ("text", "hint", "message")]
        for text in (text for part in parts for text in spoken(part) if " " in text.strip(" {}x:")):
            found += 1
            # A sentence may be put together of such pieces.
            if text not in pieces and not is_in_tables(text) and not any(text in known for known in templates()):
                missing.append(f"{path.name}: {text}")
    assert missing == []
    assert found > 8


def test_no_template_is_stale() -> None:
    """Each is said somewhere in Python, or made of a sentence there."""
    sentences = set()
    for path in PACKAGE.rglob("*.py"):
        sentences |= set(spoken(ast.parse(path.read_text(encoding="utf-8"))))
    patterns = [
        re.compile(".*".join(map(re.escape, HOLE.sub("\0", text).split("\0"))), re.DOTALL)
        for text in sentences
        if len(HOLE.sub("", text)) > 2
    ]
    patterns += [re.compile(r'"\{name\}" did not arrive')]  # js/src/host/rpc.ts
    said = [text for key, text in TABLES["en"].items() if key.startswith("said.")]
    assert [text for text in said if not any(p.fullmatch(text) for p in patterns)] == []


def test_both_tables_have_the_same_keys_and_holes() -> None:
    assert TABLES["en"].keys() == TABLES["zh"].keys()
    for key, text in TABLES["en"].items():
        assert sorted(HOLE.findall(text)) == sorted(HOLE.findall(TABLES["zh"][key])), key
        assert text.strip(), key


def test_instruments_have_the_names_of_the_standard() -> None:
    """The menu's names are those that Python takes, and says: a reader of Chinese is told them in Chinese."""
    assert TABLES["en"]["instruments"].split("|") == INSTRUMENT_MAP
    chinese = TABLES["zh"]["instruments"].split("|")
    assert len(set(chinese)) == len(INSTRUMENT_MAP)


LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'|`(?:[^`\\]|\\.)*`')
COMMENT = re.compile(r"/\*.*?\*/|(?<![:\w\"'`])//[^\n]*", re.DOTALL)
# Words of the platform: keys, system colours, events.
PLATFORM = re.compile(
    r"(Arrow|Page)?(Up|Down|Left|Right)|Enter|Escape|Home|End|Tab|Delete|Backspace|Space|Shift|Control|Alt|Meta|"
    r"Canvas(Text)?|Gray(Text)?|Highlight(Text)?|Mark(Text)?|Blob|Han|Rpc\w*|[A-Z][a-z]+Error|Key[A-Z]|Digit\d|"
    r"Comma|Period|Bracket(Left|Right)|Noto Sans.*|DOMException|Abort\w*|Files|Limit"
)


def literals(path: Path) -> Iterator[str]:
    """Text of a TypeScript file that a reader may see: what looks like words and is no name of something."""
    code = COMMENT.sub("", path.read_text(encoding="utf-8"))
    for match in LITERAL.finditer(code):
        before = code[max(0, match.start() - 40) : match.start()]
        text = re.sub(r"\$\{[^}]*\}", "", match[0][1:-1]).strip()
        if re.search(r"(Error\(|\bfrom |import\(?|console\.\w+\()\s*(\"\w+\",\s*)?$", before):
            continue
        if PLATFORM.fullmatch(text) or re.search(r"[{}()\[\];:=#<>]|mv-|sans-serif|--", text):
            continue
        words = re.fullmatch(r"[A-Z][a-z]{2,}", text) or re.search(r"[A-Za-z]{2,},? [A-Za-z]{2,}", text)
        if words or re.search(r"[\u4e00-\u9fff]", text):
            yield text


def test_no_words_in_the_code_of_the_page() -> None:
    files = sorted(SOURCE.rglob("*.ts"))
    assert len(files) > 90
    assert {str(path.relative_to(SOURCE)): told for path in files if (told := list(literals(path)))} == {}


def test_the_search_for_words_finds_them(tmp_path: Path) -> None:
    file = tmp_path / "a.ts"
    file.write_text(
        '// "Not this one"\nput(e, "aria-label", "Play it");\nh("b", "mv-a mv-b", {}, `Bar ${n} of it`, "Loop");'
    )
    assert list(literals(file)) == ["Play it", "Bar  of it", "Loop"]


@pytest.fixture
def english() -> Iterator[None]:
    yield
    mv.set_language("auto")


@pytest.mark.usefixtures("english")
def test_set_language_is_for_all_widgets_that_are_not_told_otherwise(reel: object) -> None:
    before, own = mv.PianoRoll(reel), mv.PianoRoll(reel, language="en")
    assert before.language == "auto"
    mv.set_language("zh")
    after = mv.PianoRoll(reel)
    assert (before.language, after.language, own.language) == ("zh", "zh", "en")
    mv.set_language()
    assert (before.language, after.language, own.language) == ("auto", "auto", "en")
    with pytest.raises(ConfigError, match="'fr'"):
        mv.set_language("fr")
