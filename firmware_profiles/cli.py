"""The `profiles` commands: what device models there are, and one of them complete.

For the command lines of the two programs; the package itself never imports this module.
"""

import click

from firmware_profiles.errors import ProfileError
from firmware_profiles.loader import load_profile, profile_names
from firmware_profiles.models import Profile

HEADINGS = ("id", "Thiết bị / Device", "driver", "clusters", "wake", "relay", "RTC")


@click.group(name="profiles")
def profiles() -> None:
    """Xem các mẫu thiết bị / Show the device models."""


@profiles.command(name="list")
def list_profiles() -> None:
    """Bảng mọi mẫu thiết bị (Markdown) / Every device model, as a Markdown table."""
    click.echo("\n".join(markdown_table()))


@profiles.command(name="show")
@click.argument("name")
@click.option("--table", is_flag=True, help="Bảng khóa và giá trị / Keys and values, not JSON.")
def show_profile(name: str, *, table: bool) -> None:
    """Một mẫu đầy đủ sau khi kế thừa / One model, complete, inheritance applied."""
    try:
        profile = load_profile(name)
    except ProfileError as error:
        raise click.ClickException(str(error)) from None
    click.echo("\n".join(_lines(profile)) if table else profile.model_dump_json(indent=2))


def markdown_table() -> list[str]:
    """Return the lines of a Markdown table with a row for each shipped device model."""
    rows = [HEADINGS, ("---",) * len(HEADINGS)]
    rows += [_row(load_profile(name)) for name in profile_names()]
    return [f"| {' | '.join(row)} |" for row in rows]


def _row(profile: Profile) -> tuple[str, ...]:
    output = profile.outputs[0]
    return (
        f"`{profile.id}`",
        f"{profile.title_vi} / {profile.title_en}",
        f"{output.driver} {output.device or ''}".strip(),
        f"{output.max_clusters} {output.cluster_kind}",
        output.wake.method,
        f"GPIO {profile.amplifier.gpio_pin}" if profile.amplifier else "-",
        "yes" if profile.clock.rtc else "no",
    )


def _lines(profile: Profile) -> list[str]:
    return [f"{key:<52} {value}" for key, value in _flat("", profile.model_dump())]


def _flat(place: str, value: object) -> list[tuple[str, object]]:
    """Return every single value below `value` with its dotted key."""
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, tuple) and value and isinstance(value[0], dict):
        items = list(enumerate(value))
    else:
        return [(place, value)]
    return [
        pair for key, part in items for pair in _flat(f"{place}.{key}" if place else str(key), part)
    ]
