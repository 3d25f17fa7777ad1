"""The controller's own keys: two roots, one issuing key, and the CA of its TLS certificates."""

from controller.keys.keyring import Keyring, KeysExposed, KeysMissing

__all__ = ["Keyring", "KeysExposed", "KeysMissing"]
