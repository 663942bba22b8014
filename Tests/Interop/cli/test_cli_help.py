"""Every verb explains itself, with an example that it accepts."""

import re
import shlex

import pytest

VERBS = [
    "workflow", "fetch", "plan", "frames", "verify", "decode", "local serve", "local import", "local synth", "hello",
    "stack create", "stack show", "stack delete", "stack template", "copy", "import", "search", "metadata", "delete",
]


@pytest.mark.parametrize("verb", VERBS)
def test_help_has_an_example(program, verb):
    result = program.run(*verb.split(), "--help")
    assert result.returncode == 0
    assert result.stderr == ""
    assert f"EXAMPLE: hi-fetch {verb}" in result.stdout, result.stdout
    assert "--json" in result.stdout


@pytest.mark.parametrize("verb", VERBS)
def test_the_example_uses_options_that_exist(program, verb):
    text = program.run(*verb.split(), "--help").stdout
    example = re.search(r"EXAMPLE: hi-fetch (.*?)\n\n", text, re.DOTALL).group(1)
    for option in [word for word in shlex.split(example) if word.startswith("--")]:
        listed = text.split("USAGE:")[1]
        assert re.search(rf"^  (-\w, )?{option}\b", listed, re.MULTILINE), option


def test_the_verbs_are_listed(program):
    result = program.run("--help")
    assert result.returncode == 0
    for verb in sorted({verb.split()[0] for verb in VERBS}):
        assert re.search(rf"^  {verb} ", result.stdout, re.MULTILINE), verb


def test_the_version_is_told(program):
    assert re.fullmatch(r"\d+\.\d+\.\d+", program.run("--version").stdout.strip())
