"""When one process is not enough: archives of recordings, and sites of cameras.

Processes of this machine, or Ray's on many, do the work; a ledger says what is done.
"""
