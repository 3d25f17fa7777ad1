"""The controller's own keys: two roots, an issuing key for each leave, and the CA of its TLS."""

from controller.keys.errors import KeyClosed, KeysExposed, KeysMissing, LeaveMissing
from controller.keys.keyring import Keyring

__all__ = ["KeyClosed", "Keyring", "KeysExposed", "KeysMissing", "LeaveMissing"]
