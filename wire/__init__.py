"""What the controller and the edge agents say to each other; the protocol for people is README.md.

Pure: values, signing and checking. It opens no socket, reads no clock and keeps no state.
"""
