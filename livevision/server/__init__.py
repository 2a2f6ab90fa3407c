"""The page in the browser: many sessions over shared models, behind one door.

Imports starlette, uvicorn and websockets (the extra `serve`), which nothing else here needs.
"""
