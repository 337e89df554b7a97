"""The live page: a local server, the session it steers, and what it shows.

training thread --Session.checkpoint()--> Hub (newest messages) --SSE--> page
page --POST--> Session.command() --> training thread, at its next checkpoint

The training thread never waits for a browser unless it was told to pause.
"""
