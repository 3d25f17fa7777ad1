"""What the pages and routes of warnings need of the app: the words of the site."""

from flask import Flask, current_app

from controller.cap.vocabulary import Vocabulary

_NAME = "truyenthanh.warnings"


def install_warnings(app: Flask, words: Vocabulary) -> None:
    """Give an app what events, levels and codes mean at this site."""
    app.extensions[_NAME] = words


def words_here() -> Vocabulary:
    """Return what the app was given."""
    found: Vocabulary = current_app.extensions[_NAME]
    return found
