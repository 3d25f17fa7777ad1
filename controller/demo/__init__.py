"""The commune An Bình on one machine: agents that play into a private sound server, and a witness.

Nothing here is used by a real station; tests borrow the sound server and the witness.
"""
