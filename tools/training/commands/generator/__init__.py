"""The generator of mor-commands: lines of the language of LANGUAGE.md, composed of tables. Start at generate.py."""
