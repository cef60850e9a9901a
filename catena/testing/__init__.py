"""Models for tests: `ScriptedLLM` in this process, and a stub of an OpenAI-compatible server for real HTTP.

>>> with StubModel(["Evidence: [1]\\nAnswer: It is red [1]."]) as stub:
...     answer = Catena(model="openai/stub", api_base=stub.url).ask("Which colour is it?")

It runs in a process of its own and answers request by request from a script of texts and `Fault`s. What the
script does not cover goes to the rules: a function that gets the request and returns the reply's text, named by
its import path. The rules that come along read: they find the sentence that shares most words with the question
among the numbered passages of the prompt, and quote it with its number; or say that nothing there answers.
"""

from catena.testing.scripted import ScriptedLLM
from catena.testing.stub import NOT_FOUND, READ, Fault, StubModel, refusing_url

__all__ = ["NOT_FOUND", "READ", "Fault", "ScriptedLLM", "StubModel", "refusing_url"]
