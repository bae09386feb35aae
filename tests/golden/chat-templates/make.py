"""Renders the inputs of constructs.json and features.json again, as the transformers library does, and rewrites them.

Needs Python 3 with Jinja2 3.1.6; run it in this folder. Nothing changes when the files are up to date.
"""
import datetime
import json
import pathlib

import jinja2.ext
import jinja2.sandbox

NOW = datetime.datetime(2024, 7, 26, 9, 5, 3)
HERE = pathlib.Path(__file__).parent


class Generation(jinja2.ext.Extension):
    """{% generation %}: marks what the assistant says, and writes it."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_write"), [], [], body).set_lineno(line)

    def _write(self, caller):
        return caller()


def to_json(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def refuse(message):
    raise jinja2.exceptions.TemplateError(message)


ENVIRONMENT = jinja2.sandbox.ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols])
ENVIRONMENT.filters["tojson"] = to_json
ENVIRONMENT.globals["raise_exception"] = refuse
ENVIRONMENT.globals["strftime_now"] = NOW.strftime


def render(source, variables):
    try:  # apply_chat_template passes both of these, whatever it is given
        given = {"tools": None, "documents": None} | variables
        return {"expected": ENVIRONMENT.from_string(source).render(**given)}
    except Exception as fault:
        return {"raised": str(fault)} if type(fault) is jinja2.exceptions.TemplateError else {"fails": True}


for name in ("constructs", "features"):
    path = HERE / f"{name}.json"
    golden = json.loads(path.read_text())
    lines = []
    for case in golden["cases"]:
        source = (HERE / name / f"{case['template']}.jinja").read_text() if name == "constructs" else case["template"]
        kept = {key: case[key] for key in ("template", "variables") if key in case}
        lines.append(json.dumps(kept | render(source, case.get("variables", golden.get("variables"))),
                                separators=(",", ":")))
    shared = json.dumps(golden.get("variables"), separators=(",", ":"))
    head = '"variables":' + shared + "," if "variables" in golden else ""
    path.write_text("{" + head + '"cases":[\n' + ",\n".join(lines) + "\n]}\n")
