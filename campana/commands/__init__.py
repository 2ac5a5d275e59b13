"""The command line, without the web: one file per noun, put together in program.py."""
