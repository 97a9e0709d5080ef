"""The `latentscope` command: each question is one command on a file of latents."""

from latentscope.cli._group import main

__all__ = ["main"]
